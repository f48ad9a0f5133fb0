using Swarm.Raft.Core;

namespace Swarm.Raft.Tests.Core;

/// <summary>Rules of "In Search of an Understandable Consensus Algorithm" and of the thesis, section by
/// section.</summary>
public sealed class PaperTests
{
    private static readonly RaftMember[] Three =
        [.. Enumerable.Range(1, 3).Select(i => TestCluster.Describe((ulong)i, learner: false))];

    private static RaftEntry Conf => new(1, 1, EntryType.ConfChange, new RaftConfiguration([.. Three], []).Encode());

    private static RaftEntry E(ulong index, ulong term) => new(index, term, EntryType.Normal, default);

    private static RaftCore Member(HardState hard, params RaftEntry[] log) => new(
        new RaftCoreOptions { ClusterId = TestCluster.ClusterId, Id = new RaftId(1), Seed = 3 },
        new RaftPersisted(hard, [Conf, .. log]));

    /// <summary>Its pre-vote is granted by another member.</summary>
    private static void Stand(RaftCore core, ulong other)
    {
        while (core.Role == RaftRole.Follower)
            core.Tick();
        core.Step(new VoteReply(From(other, core.Term + 1), PreVote: true, Granted: true));
        Drain(core);
        Assert.Equal(RaftRole.Candidate, core.Role);
    }

    private static Envelope From(ulong from, ulong term) => TestCluster.From(from, 1, term);

    private static IReadOnlyList<RaftMessage> Drain(RaftCore core)
    {
        List<RaftMessage> all = [];
        while (core.TryTakeReady(out var ready))
        {
            all.AddRange(ready.MessagesBeforeSync);
            all.AddRange(ready.Messages);
            core.Advance();
        }
        return all;
    }

    private static RaftCore LeaderOfTerm2(params RaftEntry[] log)
    {
        var core = Member(new HardState(1, RaftId.None, 1), log);
        while (core.Role == RaftRole.Follower)
            core.Tick();
        Drain(core);
        core.Step(new VoteReply(From(2, core.Term + 1), PreVote: true, Granted: true));
        Drain(core);
        core.Step(new VoteReply(From(2, core.Term), PreVote: false, Granted: true));
        Assert.Equal(RaftRole.Leader, core.Role);
        return core;
    }

    [Fact]
    public void S5_1_A_higher_term_makes_a_follower()
    {
        var core = LeaderOfTerm2();
        core.Step(new HeartbeatReply(From(2, 9), 0));
        Assert.Equal((RaftRole.Follower, 9UL), (core.Role, core.Term));
    }

    [Fact]
    public void S5_1_A_stale_leader_is_told_the_new_term()
    {
        var core = Member(new HardState(5, RaftId.None, 1));
        Assert.Equal(StepOutcome.StaleTerm, core.Step(new HeartbeatRequest(From(2, 4), 0, 0)));
        Assert.Equal(5UL, Drain(core).Single().Envelope.Term);
    }

    [Theory]
    [InlineData(0, 2, true)]
    [InlineData(2, 2, true)]
    [InlineData(3, 2, false)]
    public void S5_2_A_member_votes_for_one_candidate_in_a_term(ulong votedFor, ulong candidate, bool granted)
    {
        var core = Member(new HardState(4, new RaftId(votedFor), 1));
        core.Step(new VoteRequest(From(candidate, 4), PreVote: false, 1, 1));
        Assert.Equal(granted, ((VoteReply)Drain(core).Single()).Granted);
    }

    [Fact]
    public void S5_2_A_vote_leaves_only_with_the_sync_that_makes_it_durable()
    {
        var core = Member(new HardState(4, RaftId.None, 1));
        core.Step(new VoteRequest(From(2, 5), PreVote: false, 1, 1));
        Assert.True(core.TryTakeReady(out var ready));
        Assert.True(ready.MustSync);
        Assert.Equal(new HardState(5, new RaftId(2), 1), ready.HardState);
        Assert.Empty(ready.MessagesBeforeSync);
        Assert.Single(ready.Messages);
    }

    [Fact]
    public void S5_2_Election_timeouts_are_drawn_anew_between_their_bounds()
    {
        var seen = new HashSet<int>();
        for (ulong seed = 0; seed < 200; seed++)
        {
            var options = new RaftCoreOptions { ClusterId = TestCluster.ClusterId, Id = new RaftId(1), Seed = seed };
            var core = new RaftCore(options, new RaftPersisted(new HardState(1, RaftId.None, 1), [Conf]));
            var ticks = 0;
            for (; core.Role == RaftRole.Follower; ticks++)
                core.Tick();
            seen.Add(ticks);
        }
        Assert.InRange(seen.Min(), 50, 60);
        Assert.InRange(seen.Max(), 90, 100);
        Assert.True(seen.Count > 30, $"{seen.Count} different timeouts");
    }

    [Theory]
    [InlineData(2, 2, false)]
    [InlineData(1, 3, true)]
    [InlineData(3, 2, true)]
    [InlineData(4, 1, false)]
    public void S5_4_1_A_vote_needs_a_log_at_least_as_up_to_date(ulong lastIndex, ulong lastTerm, bool granted)
    {
        var core = Member(new HardState(3, RaftId.None, 1), E(2, 2), E(3, 2));
        core.Step(new VoteRequest(From(2, 4), PreVote: false, lastIndex, lastTerm));
        Assert.Equal(granted, ((VoteReply)Drain(core).Single()).Granted);
    }

    [Fact]
    public void S5_3_An_append_that_does_not_fit_is_rejected_with_a_hint()
    {
        var core = Member(new HardState(3, RaftId.None, 1), E(2, 2), E(3, 3));
        core.Step(new AppendRequest(From(2, 4), 9, 4, 0, []));
        var reply = (AppendReply)Drain(core).Single();
        Assert.Equal((true, 9UL, 3UL, 3UL), (reply.Rejected, reply.PrevIndex, reply.LastIndex, reply.HintTerm));
    }

    [Fact]
    public void S5_3_Only_what_conflicts_is_truncated()
    {
        var core = Member(new HardState(3, RaftId.None, 1), E(2, 2), E(3, 2), E(4, 2));
        core.Step(new AppendRequest(From(2, 4), 1, 1, 0, [E(2, 2)]));
        Drain(core);
        Assert.Equal(4UL, core.LastIndex);
        core.Step(new AppendRequest(From(2, 4), 2, 2, 0, [E(3, 3)]));
        Assert.True(core.TryTakeReady(out var ready));
        Assert.Equal([E(3, 3)], ready.Entries);
        Assert.Equal(3UL, core.LastIndex);
    }

    /// <summary>R5: an old append may come late; what is committed stays.</summary>
    [Fact]
    public void S5_3_An_append_below_the_commit_index_changes_nothing()
    {
        var core = Member(new HardState(3, RaftId.None, 3), E(2, 2), E(3, 2));
        core.Step(new AppendRequest(From(2, 3), 1, 1, 0, [E(2, 3)]));
        var reply = (AppendReply)Drain(core).Single();
        Assert.Equal((false, 3UL), (reply.Rejected, reply.LastIndex));
        Assert.Equal(3UL, core.LastIndex);
    }

    [Fact]
    public void S5_3_A_follower_commits_no_further_than_the_append_proves()
    {
        var core = Member(new HardState(3, RaftId.None, 1), E(2, 2), E(3, 2));
        core.Step(new AppendRequest(From(2, 4), 1, 1, 3, [E(2, 2)]));
        Assert.Equal(2UL, core.CommitIndex);
    }

    /// <summary>R4, figure 8: an entry of an older term is not committed by counting.</summary>
    [Fact]
    public void S5_4_2_Older_terms_commit_only_with_an_entry_of_the_own_term()
    {
        var core = LeaderOfTerm2(E(2, 1), E(3, 1));
        Drain(core);
        core.Step(new AppendReply(From(2, core.Term), 1, 3, Rejected: false, 0));
        Assert.Equal(1UL, core.CommitIndex);
        core.Step(new AppendReply(From(2, core.Term), 3, 4, Rejected: false, 0));
        Assert.Equal(4UL, core.CommitIndex);
    }

    /// <summary>R6: late answers neither lower nor raise what is known to match.</summary>
    [Fact]
    public void S5_3_Late_and_repeated_answers_change_nothing()
    {
        var core = LeaderOfTerm2(E(2, 1));
        Drain(core);
        var term = core.Term;
        core.Step(new AppendReply(From(2, term), 2, 3, Rejected: false, 0));
        Assert.Equal(3UL, core.CommitIndex);
        core.Step(new AppendReply(From(2, term), 0, 0, Rejected: true, 0));
        core.Step(new AppendReply(From(2, term), 1, 1, Rejected: false, 0));
        Assert.Equal(StepOutcome.StaleTerm, core.Step(new AppendReply(From(3, term - 1), 2, 3, Rejected: false, 0)));
        Assert.Equal(StepOutcome.Malformed, core.Step(new AppendReply(From(3, term), 2, 99, Rejected: false, 0)));
        Assert.Equal([3UL, 3UL, 0UL], core.DescribeMembers().Select(m => m.Match));
    }

    [Fact]
    public void T10_2_1_A_leader_sends_before_its_own_sync_but_counts_itself_after()
    {
        var core = LeaderOfTerm2();
        Drain(core);
        core.Step(new AppendReply(From(2, core.Term), 1, 2, Rejected: false, 0));
        Drain(core);
        core.Propose(new byte[1]);
        Assert.True(core.TryTakeReady(out var ready));
        Assert.Contains(ready.MessagesBeforeSync, m => m is AppendRequest { Entries.Count: 1 });
        Assert.Equal(2UL, core.CommitIndex);
        core.Advance();
        Assert.Equal(2UL, core.CommitIndex);
    }

    [Fact]
    public void T9_6_A_pre_vote_changes_nobodys_term_or_vote()
    {
        var core = Member(new HardState(4, new RaftId(3), 1));
        core.Step(new VoteRequest(From(2, 5), PreVote: true, 1, 1));
        Assert.True(core.TryTakeReady(out var ready));
        Assert.Null(ready.HardState);
        Assert.True(((VoteReply)ready.Messages.Single()).Granted);
    }

    /// <summary>Else both would stand, split the votes, and wait for another timeout.</summary>
    [Theory]
    [InlineData(1, 2, true)]
    [InlineData(3, 2, false)]
    public void T9_6_Of_two_that_ask_at_the_same_moment_one_goes_before(ulong self, ulong other, bool yields)
    {
        var core = new RaftCore(
            new RaftCoreOptions { ClusterId = TestCluster.ClusterId, Id = new RaftId(self), Seed = 3 },
            new RaftPersisted(new HardState(1, RaftId.None, 1), [Conf]));
        while (core.Role == RaftRole.Follower)
            core.Tick();
        Drain(core);
        core.Step(new VoteRequest(TestCluster.From(other, self, 2), PreVote: true, 1, 1));
        Assert.Equal(yields, Drain(core).OfType<VoteReply>().Single().Granted);
        Assert.Equal(yields ? RaftRole.Follower : RaftRole.PreCandidate, core.Role);
        core.Step(new VoteReply(TestCluster.From(other, self, 2), PreVote: true, Granted: true));
        Assert.Equal(yields ? RaftRole.Follower : RaftRole.Candidate, core.Role);
    }

    /// <summary>With a third member dead, two that stand at once would else both wait for a whole timeout.</summary>
    [Fact]
    public void S5_2_A_candidate_whose_vote_is_split_asks_again_soon()
    {
        var core = Member(new HardState(1, RaftId.None, 1));
        Stand(core, 2);
        core.Step(new VoteReply(From(2, core.Term), PreVote: false, Granted: false));
        Assert.Equal(RaftRole.Candidate, core.Role);
        var ticks = 0;
        for (; core.Role == RaftRole.Candidate; ticks++)
            core.Tick();
        Assert.InRange(ticks, 10, 40);
    }

    /// <summary>Its answer may still be on the way.</summary>
    [Fact]
    public void S5_2_A_candidate_that_nobody_answers_is_patient()
    {
        var core = Member(new HardState(1, RaftId.None, 1));
        Stand(core, 2);
        for (var ticks = 0; ticks < 49; ticks++)
            core.Tick();
        Assert.Equal(RaftRole.Candidate, core.Role);
    }

    /// <summary>R9: who hears a leader helps nobody to depose it.</summary>
    [Fact]
    public void T4_2_3_A_member_that_hears_a_leader_ignores_candidates()
    {
        var core = Member(new HardState(4, RaftId.None, 1));
        core.Step(new HeartbeatRequest(From(3, 4), 1, 0));
        Assert.Equal(StepOutcome.LeaderIsHeard, core.Step(new VoteRequest(From(2, 50), PreVote: false, 90, 49)));
        Assert.Equal(4UL, core.Term);
    }

    /// <summary>R25: a message says for whom it is.</summary>
    [Fact]
    public void Messages_that_do_not_fit_are_refused()
    {
        var core = Member(new HardState(1, RaftId.None, 1));
        var good = From(2, 5);
        Assert.Equal(StepOutcome.WrongCluster, core.Step(new HeartbeatRequest(good with { ClusterId = "x" }, 0, 0)));
        Assert.Equal(StepOutcome.WrongRecipient, core.Step(new HeartbeatRequest(good with { To = new(3) }, 0, 0)));
        Assert.Equal(StepOutcome.Malformed, core.Step(new HeartbeatRequest(good with { From = new(1) }, 0, 0)));
        Assert.Equal(StepOutcome.Malformed, core.Step(new AppendRequest(good, 1, 1, 0, [E(3, 1)])));
        Assert.Equal(StepOutcome.Malformed, core.Step(new AppendRequest(good, 1, 1, 0, [E(2, 6)])));
        var garbage = new RaftEntry(2, 5, EntryType.ConfChange, new byte[] { 9, 9 });
        Assert.Equal(StepOutcome.Malformed, core.Step(new AppendRequest(good, 1, 1, 0, [garbage])));
    }
}
