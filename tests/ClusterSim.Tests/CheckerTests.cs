using Swarm.ClusterSim.Raft;
using Swarm.Raft;
using Swarm.Store;

namespace Swarm.ClusterSim.Tests;

/// <summary>Checkers see what they are for.</summary>
public sealed class CheckerTests
{
    private static readonly Envelope Envelope = new("c", new RaftId(1), new RaftId(2), 5, "m1");

    [Fact]
    public void Two_leaders_of_a_term_are_seen()
    {
        var checker = new S1ElectionSafety();
        checker.OnLeader(5, new RaftId(1));
        checker.OnLeader(5, new RaftId(1));
        Assert.Equal("S1", Assert.Throws<ViolationException>(() => checker.OnLeader(5, new RaftId(2))).Checker);
    }

    [Fact]
    public void Two_entries_of_an_index_and_term_are_seen()
    {
        var checker = new S2LogMatching();
        checker.OnEntry(new(3, 2, EntryType.Normal, new byte[] { 1 }), 1);
        checker.OnEntry(new(3, 2, EntryType.Normal, new byte[] { 1 }), 1);
        Assert.Throws<ViolationException>(() => checker.OnEntry(new(3, 2, EntryType.Normal, new byte[] { 2 }), 1));
        Assert.Throws<ViolationException>(() => checker.OnEntry(new(3, 2, EntryType.Normal, new byte[] { 1 }), 2));
    }

    [Fact]
    public void Two_votes_of_a_term_are_seen()
    {
        var checker = new S6OneVote();
        checker.OnSend(new VoteReply(Envelope, PreVote: false, Granted: true));
        checker.OnSend(new VoteReply(Envelope with { To = new RaftId(3) }, PreVote: true, Granted: true));
        Assert.Throws<ViolationException>(() => checker.OnSend(
            new VoteReply(Envelope with { To = new RaftId(3) }, PreVote: false, Granted: true)));
    }

    [Fact]
    public void A_term_that_falls_is_seen_also_across_a_restart()
    {
        var checker = new S5NeverBack();
        checker.OnSend(new VoteReply(Envelope, PreVote: false, Granted: true));
        Assert.Throws<ViolationException>(() => checker.OnStart(Envelope.From, 4));
        checker.OnStart(Envelope.From, 5);
        checker.OnTurn(Envelope.From, 6, 3, 2);
        Assert.Throws<ViolationException>(() => checker.OnTurn(Envelope.From, 6, 2, 2));
    }

    [Fact]
    public void A_change_of_two_voters_at_once_is_seen()
    {
        var checker = new S12Membership();
        checker.OnCommitted(Entry(1, 1, 2, 3));
        checker.OnCommitted(Entry(2, 1, 2, 3, 4));
        Assert.Throws<ViolationException>(() => checker.OnCommitted(Entry(3, 1, 2, 5, 6)));
    }

    [Fact]
    public void A_state_that_differs_from_a_replay_is_seen()
    {
        var log = new CommittedLog(0, ClusterState.Empty);
        log.TryAdd(Entry(1, 1, 2, 3), 1);
        var checker = new S13SnapshotIsReplay(log);
        Assert.Throws<ViolationException>(() => checker.OnRestored(new RaftId(1), 1, hash: 1));
    }

    private static RaftEntry Entry(ulong index, params ulong[] voters)
    {
        var configuration = new RaftConfiguration(
            [.. voters.Select(v => new RaftMember(new RaftId(v), $"m{v}", false, $"n{v}"))], []);
        return new(index, 1, EntryType.ConfChange, configuration.Encode());
    }
}
