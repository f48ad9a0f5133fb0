using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests;

/// <summary>The log of a manager that does not run, and its beginning anew.</summary>
public sealed class OfflineLogTests
{
    [Fact]
    public async Task A_log_that_is_read_gives_the_state_that_was_served()
    {
        await using var one = await OneManager.StartAsync();
        await one.CreateAsync("web");
        await one.StopAsync();
        var served = one.Node.State;
        var read = OfflineLog.Read(one.Options());
        Assert.Equal(served.Hash128, read.State.Hash128);
        Assert.True(read.State.LastIndex >= served.LastIndex);
    }

    [Fact]
    public async Task A_manager_goes_on_alone_with_what_it_had()
    {
        await using var one = await OneManager.StartAsync();
        var created = await one.CreateAsync("web");
        await one.StopAsync();
        var log = OfflineLog.Read(one.Options());
        var next = NewEpoch.Begin(
            log.State, new NewEpochRequest(one.Options().NodeId, new NodeSpec(), false, [1], [2]),
            DateTimeOffset.UtcNow);
        var directory = one.Options().RaftDirectory + ".next";
        var options = one.Options() with { Epoch = next.State.Cluster!.Epoch, RaftDirectory = directory };
        OfflineLog.Begin(options, next.State, log.Term + 1);
        // Once more on the same place is refused: a log is never overwritten.
        Assert.Throws<IOException>(() => OfflineLog.Begin(options, next.State, log.Term + 1));

        await using var again = await ManagerNode.StartAsync(options, default);
        Assert.True(await again.BecomesLeaderAsync(default));
        var state = await again.FreshStateAsync(default);
        Assert.NotNull(state.Services.Get(new ServiceId(created.Id)));
        Assert.Equal(options.Epoch, state.Cluster!.Epoch);
        Assert.Equal(options.Epoch, again.Epoch);
        Assert.True(again.RaftStatus.Term > log.Term);
        Assert.Equal(options.RaftId, Assert.Single(again.RaftStatus.Members).Id);
    }

    [Fact]
    public async Task The_log_of_one_epoch_is_not_opened_as_that_of_another()
    {
        await using var one = await OneManager.StartAsync();
        await one.StopAsync();
        Assert.Throws<IOException>(() => OfflineLog.Read(one.Options() with { Epoch = 1 }));
    }
}
