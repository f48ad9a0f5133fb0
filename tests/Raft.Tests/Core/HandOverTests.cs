using Swarm.Raft.Core;

namespace Swarm.Raft.Tests.Core;

/// <summary>Leadership transfer (thesis §3.10, R29).</summary>
public sealed class HandOverTests
{
    private static readonly RaftId Anyone = RaftId.None;

    private static (TestCluster Cluster, ulong Leader, ulong Heir) Three()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        c.Propose(leader, "a");
        c.Tick(12);
        return (c, leader, leader % 3 + 1);
    }

    [Fact]
    public void S3_10_The_heir_leads_at_once_although_the_others_hear_their_leader()
    {
        var (c, leader, heir) = Three();
        var term = c[leader].Term;
        Assert.Equal(NotDoneReason.None, c[leader].TransferLeadership(new RaftId(heir)).Refusal);
        c.Deliver();
        Assert.Equal((RaftRole.Leader, term + 1), (c[heir].Role, c[heir].Term));
        Assert.Equal(RaftRole.Follower, c[leader].Role);
        c.Propose(heir, "b");
        c.TellCommit();
        Assert.All(new ulong[] { 1, 2, 3 }, id => Assert.Equal("a,b", c.Applied(id)));
    }

    [Fact]
    public void Without_a_name_it_goes_to_the_voter_that_lags_least()
    {
        var (c, leader, slow) = Three();
        c.Isolate(slow);
        c.Propose(leader, "b");
        c[leader].TransferLeadership(Anyone);
        c.Deliver();
        Assert.Equal(RaftRole.Leader, c[6 - leader - slow].Role);
    }

    [Fact]
    public void R29_The_word_waits_until_the_heir_has_everything_and_nothing_is_taken_meanwhile()
    {
        var (c, leader, heir) = Three();
        c.Lose = m => m is AppendRequest && m.Envelope.To.Value == heir;
        c[leader].Propose(TestCluster.Bytes("b"));
        c[leader].TransferLeadership(new RaftId(heir));
        c.Deliver();
        Assert.DoesNotContain(c.Sent, m => m is TimeoutNow);
        Assert.Equal(NotDoneReason.Busy, c[leader].Propose(TestCluster.Bytes("c")).Refusal);
        Assert.Equal(
            NotDoneReason.ChangePending, c[leader].ProposeConfChange(ConfChange.Remove(new RaftId(heir))).Refusal);
        c.Lose = _ => false;
        c.Tick(15);
        Assert.Equal(RaftRole.Leader, c[heir].Role);
    }

    [Fact]
    public void R29_It_ends_after_an_election_timeout_and_the_leader_goes_on()
    {
        var (c, leader, heir) = Three();
        c.Lose = m => m is TimeoutNow;
        c[leader].TransferLeadership(new RaftId(heir));
        c.Tick(99);
        Assert.Equal(new RaftId(heir), c[leader].HandOverTo);
        c.Tick(2);
        Assert.Equal((Anyone, RaftRole.Leader), (c[leader].HandOverTo, c[leader].Role));
        c.Propose(leader, "b");
        Assert.Equal("a,b", c.Applied(leader));
    }

    /// <summary>The shell calls Tick and Propose before it takes what is to be sent.</summary>
    [Fact]
    public void R29_The_last_word_does_not_leave_together_with_an_entry_that_is_taken_after_the_end()
    {
        var (c, leader, heir) = Three();
        c.Lose = m => m is TimeoutNow;
        c[leader].TransferLeadership(new RaftId(heir));
        for (var tick = 0; c[leader].HandOverTo != Anyone; tick++)
        {
            Assert.True(tick < 110, "the transfer ends after an election timeout");
            if (tick % 9 == 0 && tick < 85)
                c.Deliver();
            c[leader].Tick();
            c.Sent.Clear();
        }
        c[leader].Propose(TestCluster.Bytes("b"));
        c.Deliver();
        Assert.Contains(c.Sent, m => m is AppendRequest);
        Assert.DoesNotContain(c.Sent, m => m is TimeoutNow);
    }

    [Fact]
    public void A_lost_word_is_repeated()
    {
        var (c, leader, heir) = Three();
        var words = 0;
        c.Lose = m => m is TimeoutNow && ++words < 3;
        c[leader].TransferLeadership(new RaftId(heir));
        c.Tick(40);
        Assert.Equal(RaftRole.Leader, c[heir].Role);
    }

    [Fact]
    public void A_late_word_of_an_earlier_term_changes_nothing()
    {
        var (c, leader, heir) = Three();
        c[leader].TransferLeadership(new RaftId(heir));
        c.Deliver();
        var word = c.Sent.OfType<TimeoutNow>().First();
        c[heir].TransferLeadership(new RaftId(leader));
        c.Deliver();
        Assert.Equal(RaftRole.Leader, c[leader].Role);
        Assert.Equal(StepOutcome.StaleTerm, c.Step(heir, word));
        Assert.Equal(RaftRole.Leader, c[leader].Role);
    }

    [Fact]
    public void R29_A_word_that_comes_after_a_pause_disturbs_nobody_when_the_leader_has_gone_on()
    {
        var (c, leader, heir) = Three();
        var other = 6 - leader - heir;
        c.Lose = m => m is TimeoutNow;
        c[leader].TransferLeadership(new RaftId(heir));
        c.Deliver();
        var word = c.Sent.OfType<TimeoutNow>().First();
        c.Stop(heir);
        c.Tick(110);
        c.Propose(leader, "b");
        var term = c[leader].Term;
        c.Lose = _ => false;
        c.Resume(heir);
        c.Step(heir, word);
        c.Tick(300);
        Assert.Equal((RaftRole.Leader, term), (c[leader].Role, c[leader].Term));
        Assert.Equal((term, term), (c[heir].Term, c[other].Term));
        Assert.Equal("a,b", c.Applied(heir));
    }

    [Fact]
    public void A_leader_that_has_given_up_the_transfer_gives_the_heir_no_vote()
    {
        var c = new TestCluster(2);
        var leader = c.TickUntilLeader();
        var heir = 3 - leader;
        c.Tick(12);
        c.Lose = m => m is TimeoutNow;
        c[leader].TransferLeadership(new RaftId(heir));
        c.Deliver();
        var word = c.Sent.OfType<TimeoutNow>().First();
        c.Tick(105);
        var term = c[leader].Term;
        c.Step(heir, word);
        c.Tick(30);
        Assert.Equal((RaftRole.Leader, term), (c[leader].Role, c[leader].Term));
    }

    [Fact]
    public void Only_a_leader_hands_over_and_only_to_a_voter_that_is_heard()
    {
        var (c, leader, heir) = Three();
        Assert.Equal(NotDoneReason.NotLeader, c[heir].TransferLeadership(Anyone).Refusal);
        Assert.Equal(NotDoneReason.ChangeRefused, c[leader].TransferLeadership(new RaftId(leader)).Refusal);
        Assert.Equal(NotDoneReason.ChangeRefused, c[leader].TransferLeadership(new RaftId(77)).Refusal);
        c.Isolate(heir);
        c.Tick(60);
        Assert.Equal(NotDoneReason.ChangeRefused, c[leader].TransferLeadership(new RaftId(heir)).Refusal);
    }

    [Fact]
    public void A_learner_does_not_take_over()
    {
        var (c, leader, _) = Three();
        c.Add(4, RaftPersisted.Nothing);
        c.Lose = m => m is AppendReply && m.Envelope.From.Value == 4;
        c[leader].ProposeConfChange(ConfChange.AddLearner(TestCluster.Describe(4, true)));
        c.Tick(5);
        Assert.Equal(NotDoneReason.ChangeRefused, c[leader].TransferLeadership(new RaftId(4)).Refusal);
        Assert.Equal(
            StepOutcome.Handled, c.Step(4, new TimeoutNow(TestCluster.From(leader, 4, c[leader].Term))));
        Assert.Equal(RaftRole.Follower, c[4].Role);
    }

    [Fact]
    public void Alone_there_is_nobody_to_hand_over_to()
    {
        var c = new TestCluster(1);
        c.Deliver();
        Assert.Equal(NotDoneReason.ChangeRefused, c[1].TransferLeadership(Anyone).Refusal);
    }

    [Fact]
    public void A_leader_that_steps_down_is_replaced()
    {
        var (c, leader, _) = Three();
        var term = c[leader].Term;
        c[leader].StepDown();
        Assert.Equal(RaftRole.Follower, c[leader].Role);
        Assert.True(c[c.TickUntilLeader()].Term > term);
    }
}
