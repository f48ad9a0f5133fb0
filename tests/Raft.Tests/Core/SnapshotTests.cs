using FsCheck;
using FsCheck.Fluent;
using Swarm.Raft.Core;

namespace Swarm.Raft.Tests.Core;

/// <summary>Raft §7 and thesis §5: compaction, and snapshots to followers that lag (R15, R16).</summary>
public sealed class SnapshotTests
{
    private const int SeveralPieces = 5 * RaftLimits.SnapshotChunkBytes / 2;

    /// <summary>Three members; one is away while the others go on, take a snapshot and forget.</summary>
    private static (TestCluster Cluster, ulong Leader, ulong Away) Lagging(int entries = 20, int padding = 0)
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var away = leader % 3 + 1;
        c.Propose(leader, "first");
        c.Tick();
        c.Isolate(away);
        c.Tick(120);
        for (var i = 0; i < entries; i++)
            c.Propose(leader, $"e{i}");
        c.Snapshot(leader, padding);
        return (c, leader, away);
    }

    [Fact]
    public void S7_Compaction_forgets_what_a_snapshot_contains_and_the_log_goes_on()
    {
        var (c, leader, _) = Lagging();
        Assert.Equal(c[leader].AppliedIndex + 1, c[leader].FirstIndex);
        c.Propose(leader, "after");
        Assert.EndsWith("e19,after", c.Applied(leader), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(SeveralPieces)]
    public void S7_A_follower_that_lags_gets_the_snapshot_and_then_the_log(int padding)
    {
        var (c, leader, away) = Lagging(padding: padding);
        c.Heal();
        c.Tick(30);
        Assert.Equal(c.Applied(leader), c.Applied(away));
        Assert.Contains(c.Sent, m => m is SnapshotRequest { Last: true });
        c.Propose(leader, "after");
        c.TellCommit();
        Assert.EndsWith("e19,after", c.Applied(away), StringComparison.Ordinal);
        Assert.Equal(c[leader].AppliedIndex, c[away].AppliedIndex);
    }

    [Fact]
    public void S7_Pieces_that_are_lost_are_sent_again_from_where_the_follower_is()
    {
        var (c, leader, away) = Lagging(padding: 20 * RaftLimits.SnapshotChunkBytes);
        var count = 0;
        c.Lose = m => m is SnapshotRequest or SnapshotReply && ++count % 3 == 0;
        c.Heal();
        c.Tick(4000);
        Assert.Equal(c.Applied(leader), c.Applied(away));
    }

    [Fact]
    public void S7_Pieces_that_come_twice_or_late_change_nothing()
    {
        var (c, leader, away) = Lagging(padding: SeveralPieces);
        c.Heal();
        c.Tick(30);
        var pieces = c.Sent.OfType<SnapshotRequest>().ToArray();
        c.Propose(leader, "after");
        c.TellCommit();
        foreach (var piece in pieces.Concat(pieces.Reverse()))
            c.Step(away, piece);
        Assert.Equal(c.Applied(leader), c.Applied(away));
        Assert.Equal(c[leader].LastIndex, c[away].LastIndex);
    }

    [Fact]
    public void R15_A_snapshot_that_is_behind_what_is_committed_is_answered_and_not_installed()
    {
        var (c, leader, away) = Lagging();
        c.Heal();
        c.Tick(30);
        var before = c[away].LastIndex;
        var mark = new SnapshotMark(c[away].CommitIndex - 1, 1, c[away].Configuration);
        var request = new SnapshotRequest(
            TestCluster.From(leader, away, c[away].Term), 99, mark, 0, new byte[] { 1 }, Last: true);
        c[away].Step(request);
        Assert.True(c[away].TryTakeReady(out var ready));
        Assert.Null(ready.Install);
        Assert.Equal(SnapshotOutcome.Installed, Assert.IsType<SnapshotReply>(ready.Messages.Single()).Outcome);
        c[away].Advance();
        Assert.Equal(before, c[away].LastIndex);
    }

    [Fact]
    public void R15_When_the_log_has_the_last_entry_it_keeps_what_follows_and_only_commits()
    {
        var voters = Enumerable.Range(1, 3).Select(i => TestCluster.Describe((ulong)i, learner: false));
        var configuration = new RaftConfiguration([.. voters], []);
        var core = Follower(configuration, 6);
        var mark = new SnapshotMark(4, 2, configuration);
        core.Step(new SnapshotRequest(TestCluster.From(2, 1, 3), 1, mark, 0, new byte[] { 1 }, Last: false));
        Assert.Equal((4UL, 6UL), (core.CommitIndex, core.LastIndex));
        Assert.True(core.TryTakeReady(out var ready));
        Assert.Null(ready.Install);
        Assert.Empty(ready.SnapshotWrites);
    }

    /// <summary>The shell drops a file that comes in no more, and may look between last piece and ready.</summary>
    [Fact]
    public void R15_A_snapshot_comes_in_until_its_last_piece_is_handed_out()
    {
        var voters = Enumerable.Range(1, 3).Select(i => TestCluster.Describe((ulong)i, learner: false));
        var configuration = new RaftConfiguration([.. voters], []);
        var core = Follower(configuration, 6);
        var mark = new SnapshotMark(14, 3, configuration);
        core.Step(new SnapshotRequest(TestCluster.From(2, 1, 3), 1, mark, 0, new byte[] { 1 }, Last: false));
        Assert.True(core.ReceivesSnapshot);
        Assert.True(core.TryTakeReady(out _));
        core.Advance();
        Assert.True(core.ReceivesSnapshot);
        core.Step(new SnapshotRequest(TestCluster.From(2, 1, 3), 1, mark, 1, new byte[] { 2 }, Last: true));
        Assert.True(core.ReceivesSnapshot);
        Assert.True(core.TryTakeReady(out var ready));
        Assert.Equal(mark, ready.Prepare);
        core.Advance();
        Assert.False(core.ReceivesSnapshot);
    }

    [Fact]
    public void R15_When_the_log_differs_at_the_last_entry_all_of_it_goes()
    {
        var voters = Enumerable.Range(1, 3).Select(i => TestCluster.Describe((ulong)i, learner: false));
        var configuration = new RaftConfiguration([.. voters], []);
        var core = Follower(configuration, 6);
        var mark = new SnapshotMark(4, 3, configuration);
        core.Step(new SnapshotRequest(TestCluster.From(2, 1, 3), 1, mark, 0, new byte[] { 1 }, Last: true));
        Assert.True(core.TryTakeReady(out var ready));
        Assert.Equal((mark, (SnapshotMark?)null), (ready.Prepare, ready.Install));
        Assert.Equal(SnapshotOutcome.Continue, Assert.IsType<SnapshotReply>(ready.Messages.Single()).Outcome);
        core.Advance();
        Assert.Equal(6UL, core.LastIndex);
        Assert.True(core.SnapshotPrepared());
        Assert.Equal((4UL, 4UL, 5UL), (core.CommitIndex, core.LastIndex, core.FirstIndex));
        Assert.True(core.TryTakeReady(out ready));
        Assert.Equal(mark, ready.Install);
        Assert.Equal(4UL, ready.InstallState.Commit);
        Assert.Empty(ready.Committed);
        Assert.True(Assert.IsType<SnapshotReply>(ready.Messages.Single()).Outcome == SnapshotOutcome.Installed);
        Assert.Empty(ready.MessagesBeforeSync);
    }

    [Fact]
    public void R15_Two_snapshots_back_to_back_end_with_the_newer_one()
    {
        var (c, leader, away) = Lagging(padding: SeveralPieces);
        c.Lose = m => m is SnapshotReply { Outcome: SnapshotOutcome.Installed };
        c.Heal();
        c.Tick(30);
        for (var i = 0; i < 50; i++)
            c.Propose(leader, $"f{i}");
        c.Snapshot(leader, SeveralPieces);
        c.Lose = _ => false;
        c.Tick(2000);
        Assert.Equal(c.Applied(leader), c.Applied(away));
    }

    [Fact]
    public void R15_A_transfer_goes_on_with_the_file_it_began_with_although_there_is_a_newer_one()
    {
        var (c, leader, away) = Lagging(padding: 10 * RaftLimits.SnapshotChunkBytes);
        var pieces = 0;
        c.Lose = m => m is SnapshotRequest && ++pieces > 3;
        c.Heal();
        c.Tick(20);
        var began = c.Sent.OfType<SnapshotRequest>().Last().Mark;
        c.Propose(leader, "newer");
        c.Snapshot(leader, 10 * RaftLimits.SnapshotChunkBytes);
        Assert.True(c[leader].IsSending(began));
        c.Lose = _ => false;
        c.Tick(1000);
        Assert.Same(began, c.Sent.OfType<SnapshotRequest>().Last(m => m.Last).Mark);
        Assert.Equal(c.Applied(leader), c.Applied(away));
        Assert.False(c[leader].IsSending(began));
    }

    [Fact]
    public void R15_A_new_leader_sends_its_own_snapshot_from_the_beginning()
    {
        var (c, leader, away) = Lagging(padding: 10 * RaftLimits.SnapshotChunkBytes);
        var other = 6 - leader - away;
        c.Tick(20);
        c.Snapshot(other, 3 * RaftLimits.SnapshotChunkBytes);
        var pieces = 0;
        c.Lose = m => m is SnapshotRequest && ++pieces > 3;
        c.Heal();
        c.Tick(20);
        Assert.True(c[away].ReceivesSnapshot);
        c.Lose = _ => false;
        c.Isolate(leader);
        Assert.Equal(other, c.TickUntilLeader(other));
        c.Tick(300);
        Assert.Equal(c.Applied(other), c.Applied(away));
    }

    [Fact]
    public void R15_A_member_that_restarts_in_the_middle_of_a_transfer_begins_anew()
    {
        var (c, leader, away) = Lagging(padding: 10 * RaftLimits.SnapshotChunkBytes);
        var pieces = 0;
        c.Lose = m => m is SnapshotRequest && ++pieces > 3;
        c.Heal();
        c.Tick(20);
        c.Restart(away);
        c.Lose = _ => false;
        c.Tick(1000);
        Assert.Equal(c.Applied(leader), c.Applied(away));
    }

    [Fact]
    public void S13_A_start_from_snapshot_and_suffix_equals_a_replay()
    {
        var (c, leader, away) = Lagging();
        c.Heal();
        c.Tick(30);
        c.Propose(leader, "x");
        c.Propose(leader, "y");
        c.Tick();
        c.Restart(leader);
        c.Restart(away);
        var next = c.TickUntilLeader();
        c.Propose(next, "z");
        c.TellCommit();
        Assert.EndsWith("e19,x,y,z", c.Applied(leader), StringComparison.Ordinal);
        Assert.All(new ulong[] { 1, 2, 3 }, id => Assert.Equal(c.Applied(next), c.Applied(id)));
    }

    [Fact]
    public void A_log_on_disk_may_begin_before_the_snapshot_ends()
    {
        var configuration = new RaftConfiguration([TestCluster.Describe(1, false)], []);
        RaftEntry[] entries =
            [.. Enumerable.Range(5, 8).Select(i => new RaftEntry((ulong)i, 2, EntryType.Normal, default))];
        var core = new RaftCore(
            new RaftCoreOptions { ClusterId = TestCluster.ClusterId, Id = new RaftId(2), Seed = 1 },
            new RaftPersisted(new HardState(2, RaftId.None, 11), entries)
            {
                Snapshot = new SnapshotMark(9, 2, configuration),
            });
        Assert.Equal((6UL, 12UL, 9UL, 11UL), (core.FirstIndex, core.LastIndex, core.AppliedIndex, core.CommitIndex));
        Assert.Equal(configuration, core.Configuration);
    }

    [Fact]
    public void A_configuration_in_the_log_before_the_snapshot_ends_is_the_snapshots()
    {
        RaftConfiguration Of(params ulong[] ids) => new([.. ids.Select(i => TestCluster.Describe(i, false))], []);
        RaftEntry Conf(ulong index, RaftConfiguration c) => new(index, 2, EntryType.ConfChange, c.Encode());
        var core = new RaftCore(
            new RaftCoreOptions { ClusterId = TestCluster.ClusterId, Id = new RaftId(9), Seed = 1 },
            new RaftPersisted(
                new HardState(2, RaftId.None, 8),
                [Conf(5, Of(1)), new(6, 2, EntryType.Normal, default), Conf(7, Of(1, 2)),
                    new(8, 2, EntryType.Normal, default), Conf(9, Of(1, 2, 3))])
            {
                Snapshot = new SnapshotMark(8, 2, Of(1, 2)),
            });
        Assert.Equal(2, core.MarkAt(8).Configuration.VoterCount);
        Assert.Equal(3, core.Configuration.VoterCount);
    }

    [Fact]
    public void A_log_on_disk_that_begins_after_its_snapshot_is_refused() =>
        Assert.Throws<RaftInvariantException>(() => new RaftCore(
            new RaftCoreOptions { ClusterId = TestCluster.ClusterId, Id = new RaftId(1), Seed = 1 },
            new RaftPersisted(new HardState(2, RaftId.None, 9), [new(11, 2, EntryType.Normal, default)])
            {
                Snapshot = new SnapshotMark(9, 2, RaftConfiguration.Empty),
            }));

    [Fact]
    public void R16_Entries_that_a_follower_needs_stay_within_a_bound()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var slow = leader % 3 + 1;
        var matched = c[slow].LastIndex;
        c.Lose = m => m is AppendRequest { Entries.Count: > 0 } && m.Envelope.To.Value == slow;
        for (var i = 0; i < 10; i++)
            c.Propose(leader, $"e{i}");
        c.Snapshot(leader);
        Assert.Equal(matched + 1, c[leader].FirstIndex);
        for (var i = 0; i < 20; i++)
            c.Propose(leader, $"f{i}");
        c.Snapshot(leader);
        Assert.Equal(c[leader].AppliedIndex - 16, c[leader].FirstIndex - 1);
    }

    [Fact]
    public void R17_A_snapshot_says_who_is_a_learner()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        for (var i = 0; i < 20; i++)
            c.Propose(leader, $"e{i}");
        c.Add(4, RaftPersisted.Nothing);
        c.Snapshot(leader);
        c.Lose = m => m is AppendRequest && m.Envelope.To.Value == 4 && c[4].LastIndex > 0;
        var receipt = c[leader].ProposeConfChange(ConfChange.AddLearner(TestCluster.Describe(4, true)));
        Assert.Equal(NotDoneReason.None, receipt.Refusal);
        c.Deliver();
        c.Tick(40);
        Assert.Equal(3, c[4].Configuration.VoterCount);
        Assert.Null(c[4].Configuration.Find(new RaftId(4)));
        c.Lose = _ => false;
        c.Tick(200);
        Assert.True(c[4].Configuration.IsVoter(new RaftId(4)));
        Assert.Equal(c.Applied(leader), c.Applied(4));
    }

    [Fact]
    public void Any_order_and_loss_of_pieces_ends_with_the_same_state() => Prop.ForAll<int>(seed =>
    {
        var dice = new Random(seed);
        var (c, leader, away) = Lagging(padding: dice.Next(12) * 40_000);
        c.Lose = m => m is SnapshotRequest or SnapshotReply && dice.Next(100) < 30;
        c.Heal();
        for (var i = 0; i < 30; i++)
        {
            c.Tick(dice.Next(60));
            if (c[leader].Role == RaftRole.Leader && dice.Next(3) == 0)
                c.Propose(leader, $"p{i}");
            if (dice.Next(8) == 0)
                c.Snapshot(leader, dice.Next(12) * 40_000);
        }
        c.Lose = _ => false;
        c.Tick(2000);
        return c.Applied(leader) == c.Applied(away);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    private static RaftCore Follower(RaftConfiguration configuration, int entries) => new(
        new RaftCoreOptions { ClusterId = TestCluster.ClusterId, Id = new RaftId(1), Seed = 1 },
        new RaftPersisted(
            new HardState(3, RaftId.None, 1),
            [
                new(1, 1, EntryType.ConfChange, configuration.Encode()),
                .. Enumerable.Range(2, entries - 1).Select(i => new RaftEntry((ulong)i, 2, EntryType.Normal, default)),
            ]));
}
