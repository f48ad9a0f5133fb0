using Swarm.Raft.Core;

namespace Swarm.Raft.Tests.Core;

/// <summary>Between the last piece of a snapshot and its installation (R15): reading may take long, life goes
/// on.</summary>
public sealed class SnapshotReadingTests
{
    private const int Padding = 5 * RaftLimits.SnapshotChunkBytes / 2;

    /// <summary>Three members; one was away, has all of a snapshot, and reads it.</summary>
    private static (TestCluster Cluster, ulong Leader, ulong Away) Reading()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var away = leader % 3 + 1;
        c.Propose(leader, "first");
        c.Tick();
        c.Isolate(away);
        c.Tick(120);
        for (var i = 0; i < 20; i++)
            c.Propose(leader, $"e{i}");
        c.Snapshot(leader, Padding);
        c.ReadSlowly(away);
        c.Heal();
        c.Tick(30);
        Assert.Contains(c.Sent, m => m is SnapshotRequest { Last: true });
        Assert.NotEqual(c.Applied(leader), c.Applied(away));
        return (c, leader, away);
    }

    [Fact]
    public void R28_A_member_that_reads_for_long_follows_and_is_not_sent_everything_again()
    {
        var (c, leader, away) = Reading();
        var (term, applied) = (c[leader].Term, c[away].AppliedIndex);
        c.Sent.Clear();
        c.Tick(3_000);
        Assert.Equal((term, RaftRole.Leader, term), (c[leader].Term, c[leader].Role, c[away].Term));
        Assert.Equal(new RaftId(leader), c[away].Leader);
        Assert.Equal(applied, c[away].AppliedIndex);
        Assert.All(c.Sent.OfType<SnapshotRequest>(), m => Assert.Equal((0, true), (m.Data.Length, m.Last)));
        Assert.DoesNotContain(c.Sent, m => m is SnapshotReply { Outcome: SnapshotOutcome.Installed });
        c.Propose(leader, "meanwhile");
        Assert.True(c.EndReading(away));
        c.Tick(30);
        Assert.EndsWith("e19,meanwhile", c.Applied(away), StringComparison.Ordinal);
        Assert.Equal(c.Applied(leader), c.Applied(away));
    }

    [Fact]
    public void R15_What_is_read_counts_also_under_the_next_leader()
    {
        var (c, leader, away) = Reading();
        var other = 6 - leader - away;
        c.Tick(20);
        c.Snapshot(other, Padding);
        c.Isolate(leader);
        for (var i = 0; i < 1_000 && c[other].Role != RaftRole.Leader; i++)
            c.Tick();
        c.Tick(1_000);
        Assert.Equal((RaftRole.Leader, false), (c[other].Role, c[other].LeaderReady));
        c.Sent.Clear();
        Assert.True(c.EndReading(away));
        c.Tick(30);
        Assert.Equal(c.Applied(other), c.Applied(away));
        Assert.DoesNotContain(c.Sent, m => m is SnapshotRequest { Data.Length: > 0, Offset: > 0 });
    }

    [Fact]
    public void R15_What_the_log_took_meanwhile_is_not_taken_back()
    {
        var (c, leader, away) = Reading();
        var other = 6 - leader - away;
        c.Isolate(leader);
        Assert.Equal(other, c.TickUntilLeader(other));
        c.Propose(other, "newer");
        c.Tick(30);
        var (applied, last) = (c.Applied(away), c[away].LastIndex);
        Assert.EndsWith("newer", applied, StringComparison.Ordinal);
        Assert.False(c.EndReading(away));
        Assert.Equal((applied, last), (c.Applied(away), c[away].LastIndex));
        c.Propose(other, "after");
        c.TellCommit();
        Assert.Equal(c.Applied(other), c.Applied(away));
    }

    [Fact]
    public void When_the_disk_is_full_by_then_it_is_dropped_and_comes_again_later()
    {
        var (c, leader, away) = Reading();
        c[away].DiskFull = true;
        Assert.False(c.EndReading(away));
        c[away].DiskFull = false;
        c.Tick(5_000);
        Assert.Equal(c.Applied(leader), c.Applied(away));
    }

    [Fact]
    public void A_member_that_ends_while_it_reads_begins_anew_with_what_it_had()
    {
        var (c, leader, away) = Reading();
        var applied = c[away].CommitIndex;
        c.Restart(away);
        Assert.Equal(applied, c[away].CommitIndex);
        c.Tick(500);
        Assert.Equal(c.Applied(leader), c.Applied(away));
    }
}
