using Swarm.Raft.Storage;

namespace Swarm.Raft.Tests.Node;

/// <summary>Snapshots on real disks: restarts, joins, keys, rebuilt clusters (R15, R16, R30, S13).</summary>
public sealed class SnapshotNodeTests
{
    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static async Task WriteAsync(LoopbackCluster cluster, ulong leader, string prefix, int count)
    {
        var writes = Enumerable.Range(0, count).Select(
            i => cluster[leader].ProposeAsync(Bytes($"{prefix}{i}"), LoopbackCluster.Deadline));
        Assert.All(await Task.WhenAll(writes), r => Assert.Equal(ProposeOutcome.Done, r.Outcome));
    }

    [Fact]
    public async Task S13_A_start_from_snapshot_and_suffix_has_the_same_state()
    {
        await using var cluster = new LoopbackCluster
        {
            Change = o => o with { SnapshotEveryEntries = 50, KeepEntries = 5 },
        };
        await cluster.FormAsync(1);
        await WriteAsync(cluster, 1, "a", 220);
        await LoopbackCluster.UntilAsync(() => cluster[1].Status is { SnapshotIndex: > 150, FirstIndex: > 100 });
        await WriteAsync(cluster, 1, "b", 7);
        var before = cluster.Machines[1].Applied;
        await cluster.StopAsync(1);
        cluster.Start(1);
        await cluster.LeaderAsync();
        Assert.Equal(before, cluster.Machines[1].Applied);
        Assert.True(cluster.Machines[1].Calls < 150, "the snapshot took the place of most entries");
        Assert.True(cluster[1].Status.SnapshotIndex > 150);
    }

    [Fact]
    public async Task The_age_of_a_snapshot_goes_on_over_a_restart_and_is_never_negative()
    {
        await using var cluster = new LoopbackCluster();
        await cluster.FormAsync(1);
        await WriteAsync(cluster, 1, "a", 5);
        await cluster[1].SnapshotNowAsync(LoopbackCluster.Deadline);
        Assert.True(cluster[1].Status.SnapshotAge < TimeSpan.FromMinutes(5));
        foreach (var (written, least, most) in new[] { (-3, 3, 4), (2, 0, 1) })
        {
            await cluster.StopAsync(1);
            var file = Assert.Single(Directory.GetFiles(
                cluster.Options(1).Directory, "*" + StorageFiles.Snapshot));
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(written));
            cluster.Start(1);
            await cluster.LeaderAsync();
            var age = cluster[1].Status.SnapshotAge;
            Assert.InRange(age!.Value, TimeSpan.FromHours(least), TimeSpan.FromHours(most));
        }

        await cluster[1].SnapshotNowAsync(LoopbackCluster.Deadline);
    }

    [Fact]
    public async Task A_member_that_joins_after_the_log_has_forgotten_gets_the_snapshot_and_keeps_it()
    {
        await using var cluster = new LoopbackCluster { Change = o => o with { KeepEntries = 5 } };
        await cluster.FormAsync(1);
        await WriteAsync(cluster, 1, "a", 300);
        var mark = await cluster[1].SnapshotNowAsync(LoopbackCluster.Deadline);
        Assert.Equal(mark.Index + 1, cluster[1].Status.FirstIndex);
        await cluster.JoinAsync(2);
        await cluster.JoinAsync(3);
        await WriteAsync(cluster, 1, "b", 10);
        await LoopbackCluster.UntilAsync(() => cluster.Machines[3].Applied.Length == 310);
        Assert.Equal(cluster.Machines[1].Applied, cluster.Machines[3].Applied);
        await cluster.StopAsync(3);
        cluster.Start(3);
        await LoopbackCluster.UntilAsync(() => cluster.Machines[3].Applied.Length == 310);
        Assert.Equal(mark.Index, cluster[3].Status.SnapshotIndex);
        await cluster.StopAsync(1);
        var leader = await cluster.LeaderAsync();
        await WriteAsync(cluster, leader, "c", 10);
        Assert.Equal(320, cluster.Machines[leader].Applied.Length);
    }

    [Fact]
    public async Task A_follower_that_was_away_for_long_catches_up_while_writes_go_on()
    {
        await using var cluster = new LoopbackCluster
        {
            Change = o => o with { SnapshotEveryEntries = 40, KeepEntries = 10 },
        };
        await cluster.FormAsync(3);
        await cluster.StopAsync(3);
        await WriteAsync(cluster, 1, "a", 400);
        await LoopbackCluster.UntilAsync(() => cluster[1].Status.FirstIndex > 200);
        cluster.Start(3);
        for (var i = 0; i < 10; i++)
            await WriteAsync(cluster, 1, $"b{i}.", 30);
        await LoopbackCluster.UntilAsync(() => cluster.Machines[3].Applied.Length == 700);
        Assert.Equal(cluster.Machines[1].Applied, cluster.Machines[3].Applied);
    }

    [Fact]
    public async Task R30_A_cluster_goes_on_from_a_state_with_one_member_and_knows_nobody_else()
    {
        await using var cluster = new LoopbackCluster();
        var options = cluster.Options(1) with { ClusterId = "loopback.1" };
        RaftNode.Rebuild(options, LoopbackCluster.Member(1), 41, 7, s => s.Write(Bytes("x\ny")));
        Assert.Throws<StorageRefusedException>(
            () => RaftNode.Rebuild(options, LoopbackCluster.Member(1), 41, 7, _ => { }));
        cluster.Change = o => o with { ClusterId = "loopback.1" };
        var node = cluster.Start(1);
        await cluster.LeaderAsync();
        Assert.Equal(["x", "y"], cluster.Machines[1].Applied);
        Assert.True(node.Status is { Term: > 7, AppliedIndex: > 41 });
        Assert.Equal([new RaftId(1)], node.Status.Members.Select(m => m.Id));
        var term = node.Status.Term;
        node.Receive(new VoteRequest(new("loopback", new RaftId(2), new RaftId(1), 99, "m2:1"), false, 99, 98));
        await LoopbackCluster.UntilAsync(() => node.Status.RefusedMessages == 1);
        Assert.Equal((term, true), (node.Status.Term, node.Status.LeaderReady));
        await WriteAsync(cluster, 1, "z", 1);
        await cluster.StopAsync(1);
        cluster.Start(1);
        await cluster.LeaderAsync();
        Assert.Equal(["x", "y", "z0"], cluster.Machines[1].Applied);
    }

    [Fact]
    public async Task After_a_rotation_and_a_snapshot_only_the_new_key_is_needed()
    {
        var old = new DataKey(Guid.NewGuid(), Enumerable.Repeat((byte)1, 32).ToArray());
        var young = new DataKey(Guid.NewGuid(), Enumerable.Repeat((byte)2, 32).ToArray());
        await using var cluster = new LoopbackCluster { Change = o => o with { Keys = [old] } };
        await cluster.FormAsync(1);
        await WriteAsync(cluster, 1, "a", 20);
        await cluster[1].SnapshotNowAsync(LoopbackCluster.Deadline);
        cluster[1].RotateKey(young);
        await cluster[1].SnapshotNowAsync(LoopbackCluster.Deadline);
        Assert.Equal([young.Id], cluster[1].Status.KeysInUse);
        await cluster.StopAsync(1);
        cluster.Change = o => o with { Keys = [young] };
        cluster.Start(1);
        await cluster.LeaderAsync();
        Assert.Equal(20, cluster.Machines[1].Applied.Length);
    }
}
