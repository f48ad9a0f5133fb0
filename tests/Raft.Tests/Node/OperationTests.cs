using Swarm.Raft.Testing;

namespace Swarm.Raft.Tests.Node;

/// <summary>What people and hosts ask of a node beside entries.</summary>
public sealed class OperationTests
{
    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    [Fact]
    public async Task Leadership_goes_where_it_is_sent_and_writes_go_on()
    {
        await using var cluster = new LoopbackCluster();
        await cluster.FormAsync(3);
        await cluster[1].ProposeAsync(Bytes("a"), LoopbackCluster.Deadline);
        await cluster[1].TransferLeadershipAsync(new RaftId(3), LoopbackCluster.Deadline);
        Assert.Equal(3UL, await cluster.LeaderAsync());
        var result = await cluster[3].ProposeAsync(Bytes("b"), LoopbackCluster.Deadline);
        Assert.Equal(ProposeOutcome.Done, result.Outcome);
        await cluster[3].TransferLeadershipAsync(null, LoopbackCluster.Deadline);
        Assert.NotEqual(3UL, await cluster.LeaderAsync());
    }

    [Fact]
    public async Task Leadership_that_cannot_go_stays_and_says_why()
    {
        await using var cluster = new LoopbackCluster();
        await cluster.FormAsync(1);
        var refused = await Assert.ThrowsAsync<TransferFailedException>(
            () => cluster[1].TransferLeadershipAsync(null, LoopbackCluster.Deadline));
        Assert.Contains("no other voter", refused.Message, StringComparison.Ordinal);
        cluster.Start(2);
        await Assert.ThrowsAsync<NotLeaderException>(
            () => cluster[2].TransferLeadershipAsync(null, LoopbackCluster.Deadline));
        Assert.True(cluster[1].Status.LeaderReady);
    }

    [Fact]
    public async Task A_transfer_that_is_not_taken_ends_within_an_election_timeout()
    {
        await using var cluster = new LoopbackCluster();
        await cluster.FormAsync(3);
        cluster.Lose = m => m is TimeoutNow;
        var failed = await Assert.ThrowsAsync<TransferFailedException>(
            () => cluster[1].TransferLeadershipAsync(new RaftId(2), LoopbackCluster.Deadline));
        Assert.Equal(NotDoneReason.None, failed.Reason);
        var result = await cluster[1].ProposeAsync(Bytes("a"), LoopbackCluster.Deadline);
        Assert.Equal(ProposeOutcome.Done, result.Outcome);
    }

    /// <summary>R26: others lead while a state machine hangs; who hung does not come back as leader.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_leader_whose_state_machine_hangs_does_not_lead_any_more(bool readersAct)
    {
        await using var cluster = new LoopbackCluster();
        await cluster.FormAsync(3);
        using var release = new Gate();
        cluster.Machines[1].OnApply = text =>
        {
            if (text == "hang")
                release.Wait();
        };
        var term = cluster[1].Status.Term;
        cluster.ReadersAct = readersAct;
        var hanging = cluster[1].ProposeAsync(Bytes("hang"), LoopbackCluster.Deadline);
        await LoopbackCluster.UntilAsync(() => cluster[1].Status is { Stalled: true, Role: RaftRole.Follower });
        cluster.ReadersAct = false;
        Assert.False(cluster[1].Status.LeaderReady);
        await LoopbackCluster.UntilAsync(() => cluster[2].Status.LeaderReady || cluster[3].Status.LeaderReady);
        var leader = cluster[2].Status.LeaderReady ? 2UL : 3UL;
        await cluster[leader].ProposeAsync(Bytes("later"), LoopbackCluster.Deadline);
        var ledAgain = false;
        cluster[1].StatusChanged += s => ledAgain |= s.Role == RaftRole.Leader && s.Term == term;
        release.Set();
        Assert.Equal(ProposeOutcome.Done, (await hanging).Outcome);
        await LoopbackCluster.UntilAsync(() => !cluster[1].Status.Stalled && cluster[1].Status.LeaderId is not null);
        var index = await cluster[1].ReadIndexAsync(LoopbackCluster.Deadline);
        Assert.True(index >= cluster[leader].Status.CommitIndex);
        Assert.Contains("later", cluster.Machines[1].Applied);
        Assert.False(ledAgain);
    }

    /// <summary>R28: the same when it is its disk; what was not synced is acknowledged by nobody until it is.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_leader_whose_disk_hangs_does_not_lead_any_more(bool lend)
    {
        await using var cluster = new LoopbackCluster();
        var disk = new MemoryDisk();
        await cluster.FormAsync(3, disk);
        using var release = new Gate();
        disk.Fails = (operation, _) =>
        {
            if (operation == "sync")
                release.Wait();
            return false;
        };
        cluster.Lose = m => m is AppendRequest { Entries.Count: > 0 } && m.Envelope.From.Value == 1;
        var hanging = Task.Run(() => cluster[1].ProposeAsync(Bytes("hang"), LoopbackCluster.Deadline, lend));
        await LoopbackCluster.UntilAsync(() => cluster[1].Status is { Stalled: true, Role: RaftRole.Follower });
        await LoopbackCluster.UntilAsync(() => cluster[2].Status.LeaderReady || cluster[3].Status.LeaderReady);
        Assert.False(hanging.IsCompleted);
        release.Set();
        Assert.Equal(ProposeOutcome.Unknown, (await hanging).Outcome);
        cluster.Lose = _ => false;
        await LoopbackCluster.UntilAsync(() => !cluster[1].Status.Stalled && cluster[1].Status.LeaderId is not null);
        Assert.NotEqual(new RaftId(1), cluster[1].Status.LeaderId);
    }

    /// <summary>R22, S4: the member whose state differs stops and shows why; the others go on.</summary>
    [Fact]
    public async Task A_member_with_another_state_stops_with_evidence()
    {
        await using var cluster = new LoopbackCluster();
        await cluster.FormAsync(3);
        cluster.Machines[3].Lie = 7;
        for (var i = 0; i < (int)RaftLimits.HashEveryEntries; i++)
            await cluster[1].ProposeAsync(Bytes($"e{i}"), LoopbackCluster.Deadline);
        var reason = await cluster[3].Failed.WaitAsync(LoopbackCluster.Deadline);
        var evidence = Assert.IsType<StateDivergedException>(reason).Evidence;
        Assert.Equal((100UL, 2), (evidence.Index, evidence.Others.Count));
        Assert.Equal(RaftRole.Follower, cluster[3].Status.Role);
        Assert.Equal(
            ProposeOutcome.Done, (await cluster[1].ProposeAsync(Bytes("on"), LoopbackCluster.Deadline)).Outcome);
        Assert.False(cluster[1].Failed.IsCompleted || cluster[2].Failed.IsCompleted);
    }

    [Fact]
    public async Task A_removed_member_knows_it()
    {
        await using var cluster = new LoopbackCluster();
        await cluster.FormAsync(3);
        await cluster.ChangeAsync(ConfChange.Remove(new RaftId(3)));
        await LoopbackCluster.UntilAsync(() => cluster[3].Status.Removed);
        Assert.True(cluster[1].Status.LeaderReady);
    }

    [Fact]
    public async Task A_stopped_node_does_not_look_like_a_leader()
    {
        await using var cluster = new LoopbackCluster();
        await cluster.FormAsync(1);
        var node = cluster[1];
        await cluster.StopAsync(1);
        Assert.Equal((RaftRole.Follower, false), (node.Status.Role, node.Status.LeaderReady));
    }
}
