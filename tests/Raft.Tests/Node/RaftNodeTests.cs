using Swarm.Raft.Storage;
using Swarm.Raft.Testing;

namespace Swarm.Raft.Tests.Node;

public sealed class RaftNodeTests
{
    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    /// <summary>Whoever brings something takes turns with the raft thread: nothing is lost, repeated or out of
    /// order.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Those_who_bring_messages_act_on_them_themselves(int members)
    {
        await using var cluster = new LoopbackCluster { SendersAct = true };
        await cluster.FormAsync(members);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                var result = await cluster[1].ProposeAsync(
                    Bytes($"{writer}-{i}"), LoopbackCluster.Deadline, lend: writer % 2 == 0);
                Assert.Equal(ProposeOutcome.Done, result.Outcome);
            }
        })));
        foreach (var machine in cluster.Machines.Values)
        {
            await LoopbackCluster.UntilAsync(() => machine.Applied.Length == 800);
            for (var writer = 0; writer < 8; writer++)
            {
                Assert.Equal(
                    Enumerable.Range(0, 100).Select(i => $"{writer}-{i}"),
                    machine.Applied.Where(a => a.StartsWith($"{writer}-", StringComparison.Ordinal)));
            }
        }
    }

    /// <summary>A proposal that is alone needs no other thread; its caller gets every outcome.</summary>
    [Fact]
    public async Task A_thread_that_is_lent_writes_alone_and_is_answered()
    {
        await using var cluster = new LoopbackCluster { SendersAct = true };
        await cluster.FormAsync(3);
        for (var i = 0; i < 200; i++)
        {
            var result = await cluster[1].ProposeAsync(Bytes($"{i}"), LoopbackCluster.Deadline, lend: true);
            Assert.Equal(ProposeOutcome.Done, result.Outcome);
        }
        var refused = await cluster[2].ProposeAsync(Bytes("no"), LoopbackCluster.Deadline, lend: true);
        Assert.Equal((ProposeOutcome.NotDone, NotDoneReason.NotLeader), (refused.Outcome, refused.Reason));
        cluster.Lose = _ => true;
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        var unknown = await cluster[1].ProposeAsync(Bytes("lost"), patience.Token, lend: true);
        Assert.Equal(ProposeOutcome.Unknown, unknown.Outcome);
        cluster.Lose = _ => false;
    }

    /// <summary>R33: also when it was not the raft thread that met the disk's failure.</summary>
    [Fact]
    public async Task A_disk_that_fails_in_a_turn_of_another_thread_ends_the_member()
    {
        await using var cluster = new LoopbackCluster();
        var disk = new MemoryDisk();
        await cluster.FormAsync(1, disk);
        disk.Fails = (operation, _) => operation == "sync";
        cluster[1].Act([new HeartbeatRequest(new("loopback", new RaftId(2), new RaftId(1), 99, "m2:1"), 0, 0)]);
        Assert.IsType<StorageFailedException>(await cluster[1].Failed.WaitAsync(LoopbackCluster.Deadline));
        var later = await cluster[1].ProposeAsync(Bytes("later"), LoopbackCluster.Deadline);
        Assert.Equal((ProposeOutcome.NotDone, NotDoneReason.Stopped), (later.Outcome, later.Reason));
    }

    [Fact]
    public async Task A_single_manager_is_ready_by_itself_and_remembers_after_a_restart()
    {
        await using var cluster = new LoopbackCluster();
        await cluster.FormAsync(1);
        var result = await cluster[1].ProposeAsync(Bytes("a"), LoopbackCluster.Deadline);
        Assert.Equal((ProposeOutcome.Done, (object)1), (result.Outcome, result.Result!));
        await cluster.StopAsync(1);
        cluster.Start(1);
        Assert.Equal(1UL, await cluster.LeaderAsync());
        Assert.Equal(["a"], cluster.Machines[1].Applied);
    }

    [Fact]
    public void A_log_is_not_bootstrapped_twice()
    {
        var options = new RaftNodeOptions
        {
            Directory = "/r", ClusterId = "c", Id = new RaftId(1), Disk = new MemoryDisk(),
        };
        RaftNode.Bootstrap(options, LoopbackCluster.Member(1));
        Assert.Throws<StorageRefusedException>(() => RaftNode.Bootstrap(options, LoopbackCluster.Member(1)));
    }

    [Fact]
    public async Task Joiners_become_voters_and_followers_name_the_leader_and_read_through_it()
    {
        await using var cluster = new LoopbackCluster();
        await cluster.FormAsync(3);
        await cluster[1].ProposeAsync(Bytes("a"), LoopbackCluster.Deadline);
        var read = await cluster[3].ReadIndexAsync(LoopbackCluster.Deadline);
        Assert.Equal(["a"], cluster.Machines[3].Applied);
        // The picture of a member is made after those are answered who wait.
        await LoopbackCluster.UntilAsync(() => cluster[3].Status.AppliedIndex >= read);
        var refused = await cluster[3].ProposeAsync(Bytes("b"), LoopbackCluster.Deadline);
        Assert.Equal((ProposeOutcome.NotDone, NotDoneReason.NotLeader), (refused.Outcome, refused.Reason));
        Assert.Equal("m1:1", refused.Leader!.Address);
    }

    /// <summary>R2, S7: what was acknowledged outlives stops of every member in turn.</summary>
    [Fact]
    public async Task Acknowledged_entries_survive_restarts_in_the_middle_of_writing()
    {
        await using var cluster = new LoopbackCluster();
        await cluster.FormAsync(3);
        var acknowledged = new List<string>();
        for (var round = 0; round < 6; round++)
        {
            var leader = await cluster.LeaderAsync();
            var names = Enumerable.Range(0, 40).Select(i => $"{round}.{i}").ToArray();
            var writes = names.Select(n => cluster[leader].ProposeAsync(Bytes(n), LoopbackCluster.Deadline)).ToArray();
            await writes[5];
            var victim = round % 2 == 0 ? leader : leader % 3 + 1;
            await cluster.StopAsync(victim);
            var results = await Task.WhenAll(writes);
            acknowledged.AddRange(names.Where((_, i) => results[i].Outcome == ProposeOutcome.Done));
            cluster.Start(victim);
        }
        var last = await cluster.LeaderAsync();
        var applied = cluster.Machines[last].Applied;
        Assert.True(acknowledged.Count >= 36, $"{acknowledged.Count} were acknowledged");
        Assert.Empty(acknowledged.Except(applied));
        Assert.Equal(applied.Length, applied.Distinct().Count());
        await LoopbackCluster.UntilAsync(() => cluster.Machines.Values.All(m => m.Applied.Length == applied.Length));
        Assert.All(cluster.Machines.Values, m => Assert.Equal(applied, m.Applied));
    }

    /// <summary>R19: leadership lost in the middle leaves the outcome open, and says so.</summary>
    [Fact]
    public async Task A_proposal_of_a_leader_that_is_cut_off_ends_unknown()
    {
        await using var cluster = new LoopbackCluster();
        await cluster.FormAsync(3);
        cluster.Isolate(1);
        var result = await cluster[1].ProposeAsync(Bytes("lost?"), LoopbackCluster.Deadline);
        Assert.Equal(ProposeOutcome.Unknown, result.Outcome);
        await Assert.ThrowsAsync<NotLeaderException>(() => cluster[1].ReadIndexAsync(LoopbackCluster.Deadline));
        Assert.NotEqual(1UL, await cluster.LeaderAsync());
    }

    [Fact]
    public async Task Giving_up_on_a_proposal_that_was_handed_in_is_unknown()
    {
        await using var cluster = new LoopbackCluster();
        await cluster.FormAsync(3);
        cluster.Isolate(1);
        using var patience = new CancellationTokenSource();
        var pending = cluster[1].ProposeAsync(Bytes("x"), patience.Token);
        await LoopbackCluster.UntilAsync(() => cluster[1].Status.LastIndex > cluster[1].Status.CommitIndex
            || pending.IsCompleted);
        await patience.CancelAsync();
        Assert.Equal(ProposeOutcome.Unknown, (await pending).Outcome);
        var never = await cluster[1].ProposeAsync(Bytes("y"), new CancellationToken(canceled: true));
        Assert.Equal((ProposeOutcome.NotDone, NotDoneReason.Cancelled), (never.Outcome, never.Reason));
    }

    /// <summary>R33: a failing sync ends the node; nothing of it is acknowledged.</summary>
    [Fact]
    public async Task A_failing_sync_ends_the_node_and_acknowledges_nothing()
    {
        await using var cluster = new LoopbackCluster();
        var disk = new MemoryDisk();
        RaftNode.Bootstrap(cluster.Options(1) with { Disk = disk }, LoopbackCluster.Member(1));
        var node = cluster.Start(1, disk);
        await cluster.LeaderAsync();
        disk.Fails = (operation, _) => operation == "sync";
        var result = await node.ProposeAsync(Bytes("a"), LoopbackCluster.Deadline);
        Assert.Equal(ProposeOutcome.Unknown, result.Outcome);
        Assert.IsType<StorageFailedException>(await node.Failed.WaitAsync(LoopbackCluster.Deadline));
        Assert.Empty(cluster.Machines[1].Applied);
        var later = await node.ProposeAsync(Bytes("b"), LoopbackCluster.Deadline);
        Assert.Equal((ProposeOutcome.NotDone, NotDoneReason.Stopped), (later.Outcome, later.Reason));
    }

    [Fact]
    public async Task Readiness_is_announced_after_everything_before_is_applied()
    {
        await using var cluster = new LoopbackCluster();
        await cluster.FormAsync(3);
        for (var i = 0; i < 20; i++)
            await cluster[1].ProposeAsync(Bytes($"{i}"), LoopbackCluster.Deadline);
        var appliedWhenReady = new TaskCompletionSource<int>();
        foreach (ulong id in new ulong[] { 2, 3 })
        {
            cluster[id].StatusChanged += s =>
            {
                if (s.LeaderReady)
                    appliedWhenReady.TrySetResult(cluster.Machines[id].Applied.Length);
            };
        }
        await cluster.StopAsync(1);
        Assert.Equal(20, await appliedWhenReady.Task.WaitAsync(LoopbackCluster.Deadline));
    }
}
