using Swarm.Raft;
using Swarm.Rpc;

namespace Swarm.Manager.Tests;

/// <summary>Too much to do, nobody to do it, and nobody knows: three different things to a caller.</summary>
public sealed class RaftErrorsTests
{
    [Fact]
    public void Too_many_reads_are_busy_and_not_a_missing_leader()
    {
        var busy = RaftErrors.OfRead(new TooManyReadsException())!;
        Assert.Equal(RpcStatusCode.ResourceExhausted, busy.Code);
        Assert.Contains("the managers are busy", busy.Message, StringComparison.Ordinal);
        var none = RaftErrors.OfRead(new NotLeaderException(null))!;
        Assert.Equal((RpcStatusCode.Unavailable, true), (none.Code, RpcOutcome.IsNotDone(none)));
        Assert.Contains("does not have a leader", none.Message, StringComparison.Ordinal);
        Assert.Null(RaftErrors.OfRead(new IOException("disk")));
    }

    [Theory]
    [InlineData(NotDoneReason.NotLeader, RpcStatusCode.Unavailable, true)]
    [InlineData(NotDoneReason.Busy, RpcStatusCode.ResourceExhausted, false)]
    [InlineData(NotDoneReason.DiskFull, RpcStatusCode.ResourceExhausted, false)]
    [InlineData(NotDoneReason.TooLarge, RpcStatusCode.ResourceExhausted, false)]
    public void A_proposal_that_is_not_done_says_why(NotDoneReason reason, RpcStatusCode code, bool again)
    {
        var told = RaftErrors.OfProposal(
            new ProposeResult(ProposeOutcome.NotDone, reason, 0, null), handsOver: false);
        Assert.Equal((code, again, false), (told.Code, RpcOutcome.IsNotDone(told), RpcOutcome.IsUnknown(told)));
    }

    /// <summary>The leader changed in the middle of it, and the next one is too busy or its disk full: the first may
    /// have committed it all the same (R19).</summary>
    [Fact]
    public void What_may_have_acted_is_not_told_as_refused()
    {
        RpcException[] refusals =
        [
            RaftErrors.OfProposal(new(ProposeOutcome.NotDone, NotDoneReason.Busy, 0, null), handsOver: false),
            RaftErrors.OfProposal(new(ProposeOutcome.NotDone, NotDoneReason.DiskFull, 0, null), handsOver: false),
            Errors.LostLeadership(), Errors.NoQuorum(), Errors.Outside("no registry"),
        ];
        Assert.All(refusals, last =>
        {
            var told = Errors.InsteadOf(last, hasId: true, mayHaveActed: true, knowsLeader: true);
            Assert.True(told is not null && RpcOutcome.IsUnknown(told));
            Assert.Null(Errors.InsteadOf(last, hasId: true, mayHaveActed: false, knowsLeader: true));
        });
        var conflict = Errors.NotFound("service", "web");
        Assert.Null(Errors.InsteadOf(conflict, hasId: true, mayHaveActed: true, knowsLeader: false));
        var none = Errors.InsteadOf(Errors.NoLeader(), hasId: true, mayHaveActed: false, knowsLeader: false);
        Assert.True(none is { Code: RpcStatusCode.Unavailable } && !RpcOutcome.IsNotDone(none));
    }

    [Fact]
    public void What_nobody_knows_is_unknown_and_a_hand_over_is_no_load()
    {
        var unknown = new ProposeResult(ProposeOutcome.Unknown, NotDoneReason.None, 0, null);
        Assert.True(RpcOutcome.IsUnknown(RaftErrors.OfProposal(unknown, handsOver: false)));
        var busy = new ProposeResult(ProposeOutcome.NotDone, NotDoneReason.Busy, 0, null);
        Assert.True(RpcOutcome.IsNotDone(RaftErrors.OfProposal(busy, handsOver: true)));
    }
}
