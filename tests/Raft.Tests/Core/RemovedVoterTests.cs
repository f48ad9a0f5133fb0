using Swarm.Raft.Core;

namespace Swarm.Raft.Tests.Core;

/// <summary>Who may still vote when changes of the membership are not committed yet (thesis §4.2.2).</summary>
public sealed class RemovedVoterTests
{
    private static readonly RaftMember[] Members =
        [.. Enumerable.Range(1, 3).Select(i => new RaftMember(new RaftId((ulong)i), $"m{i}", false, $"n{i}"))];

    /// <summary>Two changes that raced may each wait for a vote of a member that the other one takes out.</summary>
    [Fact]
    public void A_member_whose_removal_is_not_committed_still_votes()
    {
        var all = new RaftConfiguration([.. Members], []);
        Assert.True(all.TryApply(ConfChange.Remove(new RaftId(2)), out var without, out _));
        var core = new RaftCore(
            new RaftCoreOptions { ClusterId = "c", Id = new RaftId(2), Seed = 1 },
            new RaftPersisted(
                new HardState(1, RaftId.None, 1),
                [
                    new(1, 1, EntryType.ConfChange, all.Encode()),
                    new(2, 1, EntryType.ConfChange, without.Encode()),
                ]));
        var envelope = new Envelope("c", new RaftId(3), new RaftId(2), 2, "m3");
        core.Step(new VoteRequest(envelope, PreVote: false, LastIndex: 3, LastTerm: 1));
        Assert.True(core.TryTakeReady(out var ready));
        Assert.True(Assert.IsType<VoteReply>(Assert.Single(ready.Messages)).Granted);
    }

    /// <summary>The other one's log is shorter, so it can never win; who takes itself out has to finish it.</summary>
    [Fact]
    public void S4_2_2_A_leader_of_two_that_crashes_while_it_removes_itself_comes_back_and_finishes_it()
    {
        var c = new TestCluster(2);
        var leader = c.TickUntilLeader();
        var other = 3 - leader;
        c.Tick(12);
        c.Isolate(leader);
        Assert.Equal(
            NotDoneReason.None, c[leader].ProposeConfChange(ConfChange.Remove(new RaftId(leader))).Refusal);
        c.Deliver();
        c.Restart(leader);
        c.Heal();
        c.Tick(600);
        Assert.Equal(RaftRole.Leader, c[other].Role);
        Assert.True(c[leader].Removed);
        c.Propose(other, "x");
        Assert.Equal("x", c.Applied(other));
    }

    [Fact]
    public void A_member_that_never_heard_of_its_joining_does_not()
    {
        var core = new RaftCore(
            new RaftCoreOptions { ClusterId = "c", Id = new RaftId(2), Seed = 1 }, RaftPersisted.Nothing);
        var envelope = new Envelope("c", new RaftId(3), new RaftId(2), 2, "m3");
        core.Step(new VoteRequest(envelope, PreVote: false, LastIndex: 3, LastTerm: 1));
        Assert.True(core.TryTakeReady(out var ready));
        Assert.False(Assert.IsType<VoteReply>(Assert.Single(ready.Messages)).Granted);
    }
}
