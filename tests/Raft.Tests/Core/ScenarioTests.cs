using Swarm.Raft.Core;

namespace Swarm.Raft.Tests.Core;

/// <summary>Stories of several members.</summary>
public sealed class ScenarioTests
{
    [Fact]
    public void Three_members_elect_a_leader_and_apply_the_same()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        c.Propose(leader, "a");
        c.Propose(leader, "b");
        c.TellCommit();
        Assert.All(new ulong[] { 1, 2, 3 }, id => Assert.Equal("a,b", c.Applied(id)));
    }

    [Fact]
    public void A_commitment_is_told_with_the_next_entries()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        c.TellCommit();
        c.Sent.Clear();
        for (var i = 0; i < 20; i++)
        {
            c.Propose(leader, $"{i}");
            c.Tick();
        }
        Assert.DoesNotContain(c.Sent, m => m is AppendRequest { Entries.Count: 0 });
        c.TellCommit();
        Assert.Equal(2, c.Sent.Count(m => m is AppendRequest { Entries.Count: 0 }));
        Assert.All(new ulong[] { 1, 2, 3 }, id => Assert.Equal(c[leader].CommitIndex, c[id].CommitIndex));
    }

    [Fact]
    public void A_read_of_a_follower_is_told_the_commitment_at_once()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var follower = (leader % 3) + 1;
        c.Propose(leader, "a");
        Assert.Equal("", c.Applied(follower));
        Assert.Equal(NotDoneReason.None, c[follower].ReadIndex(7));
        c.Deliver();
        Assert.Equal([new ReadState(7, c[leader].CommitIndex, Confirmed: true)], c.Reads(follower));
        Assert.Equal("a", c.Applied(follower));
    }

    [Fact]
    public void A_commit_index_that_no_entry_goes_with_is_written_once_a_tick()
    {
        var c = new TestCluster(1);
        c.Deliver();
        c.Propose(1, "a");
        Assert.False(c[1].TryTakeReady(out _));
        c[1].Tick();
        Assert.True(c[1].TryTakeReady(out var ready));
        Assert.Equal((c[1].CommitIndex, false), (ready.HardState?.Commit, ready.MustSync));
        Assert.Empty(ready.Entries);
        c[1].Advance();
        c[1].Tick();
        Assert.False(c[1].TryTakeReady(out _));
    }

    [Fact]
    public void A_single_voter_leads_at_once_and_commits_only_after_its_own_sync()
    {
        var c = new TestCluster(1);
        Assert.Equal(RaftRole.Leader, c[1].Role);
        c.Deliver();
        c[1].Propose(TestCluster.Bytes("a"));
        Assert.True(c[1].TryTakeReady(out var ready));
        Assert.Empty(ready.Committed);
        c[1].Advance();
        c.Deliver();
        Assert.Equal("a", c.Applied(1));
    }

    [Fact]
    public void A_leader_in_a_minority_steps_down_and_its_entry_gives_way()
    {
        var c = new TestCluster(3);
        var old = c.TickUntilLeader();
        c.Propose(old, "kept");
        c.Isolate(old);
        c.Propose(old, "lost");
        var others = new ulong[] { 1, 2, 3 }.Where(id => id != old).ToArray();
        var next = c.TickUntilLeader(others);
        Assert.NotEqual(RaftRole.Leader, c[old].Role);
        c.Propose(next, "new");
        c.Heal();
        c.Tick(30);
        Assert.All(new ulong[] { 1, 2, 3 }, id => Assert.Equal("kept,new", c.Applied(id)));
    }

    /// <summary>R9: a member that was away does not disturb the term when it returns.</summary>
    [Fact]
    public void A_member_that_was_cut_off_for_long_comes_back_quietly()
    {
        var c = new TestCluster(5);
        var leader = c.TickUntilLeader();
        var (term, away) = (c[leader].Term, leader % 5 + 1);
        c.Isolate(away);
        c.Tick(2000);
        Assert.Equal(term, c[away].Term);
        c.Heal();
        c.Tick(300);
        Assert.Equal((leader, term), (c[away].Leader.Value, c[leader].Term));
    }

    /// <summary>R10: terms drifted apart do not keep the living from electing.</summary>
    [Fact]
    public void Members_with_different_terms_still_elect()
    {
        var c = new TestCluster(3);
        c.Add(2, new RaftPersisted(new HardState(40, new RaftId(2), 1), [.. c.Log(2)]));
        c.Stop(3);
        Assert.InRange(c.TickUntilLeader(), 1UL, 2UL);
        Assert.True(c[1].Term > 40);
    }

    /// <summary>R11: three in a chain elect whoever the middle can hear, and stay with it.</summary>
    [Fact]
    public void A_broken_link_does_not_make_the_leader_change_for_ever()
    {
        var c = new TestCluster(3);
        c.CutLink(1, 3);
        var leader = c.TickUntilLeader();
        c.Tick(1000);
        var term = c[leader].Term;
        c.Tick(3000);
        Assert.True(c[2].Term <= term + 1, $"term went from {term} to {c[2].Term}");
        Assert.Contains(new ulong[] { 1, 2, 3 }, id => c[id].LeaderReady);
    }

    /// <summary>R12: a leader that was deposed without knowing confirms nothing.</summary>
    [Fact]
    public void A_read_at_a_deposed_leader_is_not_confirmed()
    {
        var c = new TestCluster(3);
        var old = c.TickUntilLeader();
        c.Isolate(old);
        Assert.Equal(NotDoneReason.None, c[old].ReadIndex(7));
        c.Deliver();
        Assert.Empty(c.Reads(old));
        c.Tick(200);
        Assert.Equal([new ReadState(7, 0, Confirmed: false)], c.Reads(old));
    }

    /// <summary>R13: before its no-op is committed a leader does not know what is.</summary>
    [Fact]
    public void A_read_right_after_the_election_waits_for_the_no_op()
    {
        var c = new TestCluster(3) { Lose = m => m is AppendRequest };
        c.Campaign(1);
        Assert.Equal(RaftRole.Leader, c[1].Role);
        Assert.Equal(NotDoneReason.None, c[1].ReadIndex(7));
        c.Tick(15);
        Assert.Empty(c.Reads(1));
        c.Lose = _ => false;
        c.Tick(15);
        Assert.Equal([new ReadState(7, c[1].CommitIndex, Confirmed: true)], c.Reads(1));
    }

    [Fact]
    public void A_follower_asks_its_leader_and_gives_up_when_the_answer_is_lost()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var follower = leader % 3 + 1;
        Assert.Equal(NotDoneReason.None, c[follower].ReadIndex(1));
        c.Deliver();
        Assert.True(c.Reads(follower).Single().Confirmed);
        c.Lose = m => m is ReadReply;
        Assert.Equal(NotDoneReason.None, c[follower].ReadIndex(2));
        c.Tick(150);
        Assert.Equal(new ReadState(2, 0, false), c.Reads(follower)[^1]);
    }

    /// <summary>Too many reads are not "no leader": the caller is told that he has to wait.</summary>
    [Fact]
    public void Reads_beyond_the_bound_are_refused_as_busy_on_leader_and_follower()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var follower = leader % 3 + 1;
        c.Lose = m => m is HeartbeatReply;
        for (var id = 1UL; id <= RaftLimits.MaxPendingReads; id++)
            Assert.Equal(NotDoneReason.None, c[leader].ReadIndex(id));
        Assert.Equal(NotDoneReason.Busy, c[leader].ReadIndex(RaftLimits.MaxPendingReads + 1));
        Assert.Equal(NotDoneReason.None, c[follower].ReadIndex(1));
        c.Deliver();
        var answer = Assert.Single(c.Reads(follower));
        Assert.Equal((false, NotDoneReason.Busy), (answer.Confirmed, answer.Refusal));
    }

    [Fact]
    public void A_joiner_catches_up_as_learner_and_becomes_voter_by_itself()
    {
        var c = new TestCluster(1);
        c.Deliver();
        for (var i = 0; i < 50; i++)
            c.Propose(1, $"e{i}");
        c.Add(2, RaftPersisted.Nothing);
        Assert.Equal(
            NotDoneReason.None, c[1].ProposeConfChange(ConfChange.AddLearner(TestCluster.Describe(2, true))).Refusal);
        c.Deliver();
        c.Tick(30);
        Assert.Equal(c.Applied(1), c.Applied(2));
        Assert.True(c[2].Configuration.IsVoter(new RaftId(2)));
    }

    /// <summary>R17: a learner that is not heard stays one, and the quorum stays small.</summary>
    [Fact]
    public void A_learner_that_cannot_be_reached_is_neither_promoted_nor_counted()
    {
        var c = new TestCluster(1);
        c.Deliver();
        c[1].ProposeConfChange(ConfChange.AddLearner(TestCluster.Describe(2, true)));
        c.Deliver();
        c.Tick(500);
        c.Propose(1, "a");
        Assert.Equal("a", c.Applied(1));
        Assert.Equal(1, c[1].Configuration.VoterCount);
    }

    /// <summary>R7: no change before an entry of the own term is committed, and one at a time.</summary>
    [Fact]
    public void Changes_wait_for_the_term_and_for_each_other()
    {
        var c = new TestCluster(3) { Lose = m => m is AppendRequest };
        c.Campaign(1);
        var add = ConfChange.AddLearner(TestCluster.Describe(4, true));
        Assert.Equal(NotDoneReason.ChangePending, c[1].ProposeConfChange(add).Refusal);
        c.Lose = _ => false;
        c.Tick(15);
        c.Lose = m => m is AppendRequest;
        Assert.Equal(NotDoneReason.None, c[1].ProposeConfChange(add).Refusal);
        c.Deliver();
        Assert.Equal(
            NotDoneReason.ChangePending,
            c[1].ProposeConfChange(ConfChange.UpdateAddress(new RaftId(2), "x:1")).Refusal);
    }

    /// <summary>R8: a configuration is in force at append and goes with its entry.</summary>
    [Fact]
    public void An_uncommitted_change_is_rolled_back_with_its_entry()
    {
        var c = new TestCluster(3);
        var old = c.TickUntilLeader();
        c.Isolate(old);
        Assert.Equal(
            NotDoneReason.None, c[old].ProposeConfChange(ConfChange.AddLearner(TestCluster.Describe(4, true))).Refusal);
        c.Deliver();
        Assert.Equal(4, c[old].Configuration.Members.Length);
        c.TickUntilLeader([.. new ulong[] { 1, 2, 3 }.Where(id => id != old)]);
        c.Heal();
        c.Tick(30);
        Assert.Equal(3, c[old].Configuration.Members.Length);
    }

    /// <summary>R25, S12: a removed id is never heard again.</summary>
    [Fact]
    public void A_removed_member_is_refused_for_ever()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var gone = leader % 3 + 1;
        Assert.Equal(NotDoneReason.None, c[leader].ProposeConfChange(ConfChange.Remove(new RaftId(gone))).Refusal);
        c.Deliver();
        c.Tick(500);
        Assert.Equal(
            StepOutcome.RemovedSender,
            c.Step(leader, new VoteRequest(TestCluster.From(gone, leader, 99), false, 99, 98)));
        var back = c[leader].ProposeConfChange(ConfChange.AddLearner(TestCluster.Describe(gone, true)));
        Assert.Equal(NotDoneReason.ChangeRefused, back.Refusal);
        Assert.Contains("was removed", back.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_removal_that_would_lose_the_quorum_is_refused()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var dead = leader % 3 + 1;
        c.Stop(dead);
        c.Tick(80);
        var healthy = new RaftId(6 - leader - dead);
        var receipt = c[leader].ProposeConfChange(ConfChange.Remove(healthy));
        Assert.Equal(NotDoneReason.ChangeRefused, receipt.Refusal);
        Assert.Equal(
            NotDoneReason.None, c[leader].ProposeConfChange(ConfChange.Remove(new RaftId(dead))).Refusal);
    }

    [Fact]
    public void A_leader_that_removes_itself_leads_until_that_is_committed()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        Assert.Equal(NotDoneReason.None, c[leader].ProposeConfChange(ConfChange.Remove(new RaftId(leader))).Refusal);
        c.Deliver();
        Assert.Equal(RaftRole.Follower, c[leader].Role);
        var others = new ulong[] { 1, 2, 3 }.Where(id => id != leader).ToArray();
        var next = c.TickUntilLeader(others);
        c.Propose(next, "on");
        Assert.Equal(2, c[next].Configuration.VoterCount);
    }

    /// <summary>R27: without a quorum a leader takes so much and no more.</summary>
    [Fact]
    public void Too_much_uncommitted_is_busy()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        c.Isolate(leader);
        var refusals = Enumerable.Range(0, 150).Select(_ => c[leader].Propose(new byte[1]).Refusal).ToArray();
        Assert.Equal(NotDoneReason.Busy, refusals[^1]);
        Assert.Equal(100, refusals.Count(r => r == NotDoneReason.None));
        Assert.Equal(
            NotDoneReason.TooLarge, c[leader].Propose(new byte[RaftLimits.MaxEntryBytes + 1]).Refusal);
    }

    [Fact]
    public void A_follower_far_behind_is_brought_up_in_few_steps()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var away = leader % 3 + 1;
        c.Isolate(away);
        for (var i = 0; i < 5000; i++)
            c.Propose(leader, "e");
        c.Heal();
        c.Sent.Clear();
        c.Tick(15);
        Assert.Equal(c.Applied(leader), c.Applied(away));
        Assert.InRange(c.Sent.Count(m => m is AppendRequest && m.Envelope.To.Value == away), 2, 12);
    }

    [Fact]
    public void A_follower_that_needs_what_the_log_no_longer_has_is_reported()
    {
        var configuration = new RaftConfiguration([TestCluster.Describe(1, false)], []);
        var core = new RaftCore(
            new RaftCoreOptions { ClusterId = TestCluster.ClusterId, Id = new RaftId(1), Seed = 1 },
            new RaftPersisted(new HardState(3, RaftId.None, 10), [])
            {
                Snapshot = new SnapshotMark(10, 3, configuration),
            });
        Settle(core);
        core.ProposeConfChange(ConfChange.AddLearner(TestCluster.Describe(2, true)));
        Settle(core);
        core.Step(new AppendReply(TestCluster.From(2, 1, core.Term), 11, 0, Rejected: true, 0));
        Settle(core);
        Assert.Equal(ProgressState.Snapshot, core.DescribeMembers()[1].ProgressState);
    }

    private static void Settle(RaftCore core)
    {
        while (core.TryTakeReady(out _))
            core.Advance();
    }
}
