using Swarm.Raft.Core;

namespace Swarm.Raft.Tests.Core;

/// <summary>Members that were removed, or that lost their disk (thesis §4.2.3, R9, R25).</summary>
public sealed class RemovalTests
{
    private static (TestCluster Cluster, ulong Leader, ulong Gone) Removed()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var gone = leader % 3 + 1;
        c[leader].ProposeConfChange(ConfChange.Remove(new RaftId(gone)));
        c.Tick(12);
        return (c, leader, gone);
    }

    [Fact]
    public void S4_2_3_A_removed_member_is_told_and_stands_for_no_election_any_more()
    {
        var (c, leader, gone) = Removed();
        Assert.True(c[gone].Removed);
        c.Sent.Clear();
        c.Tick(1000);
        Assert.DoesNotContain(c.Sent, m => m.Envelope.From.Value == gone);
        Assert.Equal(RaftRole.Leader, c[leader].Role);
    }

    [Fact]
    public void A_member_that_was_away_while_it_was_removed_is_told_when_it_comes_back()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var gone = leader % 3 + 1;
        c.Isolate(gone);
        c.Tick(200);
        c[leader].ProposeConfChange(ConfChange.Remove(new RaftId(gone)));
        c.Tick(50);
        var term = c[leader].Term;
        c.Heal();
        c.Tick(300);
        Assert.True(c[gone].Removed);
        Assert.Equal((term, RaftRole.Leader), (c[leader].Term, c[leader].Role));
    }

    [Fact]
    public void When_the_word_is_lost_it_comes_with_the_next_question()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var gone = leader % 3 + 1;
        c.Lose = m => m is RemovedNotice;
        c[leader].ProposeConfChange(ConfChange.Remove(new RaftId(gone)));
        c.Tick(12);
        c.Lose = _ => false;
        Assert.False(c[gone].Removed);
        c.Tick(200);
        Assert.True(c[gone].Removed);
    }

    [Fact]
    public void A_learner_that_was_away_is_told_too_although_it_has_no_vote_to_ask_for()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        c.Add(4, RaftPersisted.Nothing);
        c.Lose = m => m is AppendReply { Rejected: false } && m.Envelope.From.Value == 4;
        c[leader].ProposeConfChange(ConfChange.AddLearner(TestCluster.Describe(4, true)));
        c.Tick(15);
        c.Isolate(4);
        c[leader].ProposeConfChange(ConfChange.Remove(new RaftId(4)));
        c.Tick(15);
        Assert.False(c[4].Removed);
        c.Heal();
        c.Tick(200);
        Assert.True(c[4].Removed);
        Assert.Equal(RaftRole.Leader, c[leader].Role);
    }

    [Fact]
    public void What_a_removed_member_says_is_refused_for_ever()
    {
        var (c, leader, gone) = Removed();
        var term = c[leader].Term;
        Assert.Equal(
            StepOutcome.RemovedSender,
            c.Step(leader, new VoteRequest(TestCluster.From(gone, leader, term + 9), false, 99, term + 9)));
        Assert.Equal(term, c[leader].Term);
        c.Propose(leader, "x");
        c.Snapshot(leader);
        c.Restart(leader);
        Assert.Equal(
            StepOutcome.RemovedSender,
            c.Step(leader, new HeartbeatReply(TestCluster.From(gone, leader, term + 9), 0)));
        Assert.Equal(
            NotDoneReason.ChangeRefused,
            c[c.TickUntilLeader()].ProposeConfChange(ConfChange.AddLearner(TestCluster.Describe(gone, true))).Refusal);
    }

    [Fact]
    public void A_notice_that_does_not_name_the_receiver_is_no_evidence()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var notice = new RemovedNotice(TestCluster.From(leader % 3 + 1, leader, 1), c[leader].Configuration);
        Assert.Equal(StepOutcome.Malformed, c.Step(leader, notice));
        Assert.False(c[leader].Removed);
    }

    [Fact]
    public void A_removal_that_is_not_committed_is_no_evidence()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var gone = leader % 3 + 1;
        c.Lose = m => m is AppendRequest { Entries.Count: > 0 };
        c[leader].ProposeConfChange(ConfChange.Remove(new RaftId(gone)));
        c.Tick(20);
        var outcome = c.Step(leader, new VoteRequest(TestCluster.From(gone, leader, 1), true, 1, 1));
        Assert.NotEqual(StepOutcome.RemovedSender, outcome);
        Assert.DoesNotContain(c.Sent, m => m is RemovedNotice);
    }

    [Fact]
    public void A_leader_that_removes_itself_leads_until_that_is_committed_and_then_knows_it()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        c[leader].ProposeConfChange(ConfChange.Remove(new RaftId(leader)));
        Assert.Equal(RaftRole.Leader, c[leader].Role);
        c.Deliver();
        Assert.Equal((RaftRole.Follower, true), (c[leader].Role, c[leader].Removed));
        Assert.NotEqual(leader, c.TickUntilLeader());
    }

    [Fact]
    public void R25_A_member_without_any_log_has_no_vote_to_give()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var wiped = leader % 3 + 1;
        c.Stop(6 - leader - wiped);
        c.Add(wiped, RaftPersisted.Nothing);
        c.Lose = m => m is AppendRequest;
        c.Sent.Clear();
        c[leader].StepDown();
        c.Tick(2000);
        Assert.NotEqual(RaftRole.Leader, c[leader].Role);
        Assert.DoesNotContain(c.Sent, m => m is VoteReply { Granted: true } && m.Envelope.From.Value == wiped);
    }
}
