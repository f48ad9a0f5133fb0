using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests;

/// <summary>Commands of a real manager whose swarm observes.</summary>
public sealed class RestoredManagerTests
{
    [Fact]
    public async Task Nothing_is_planned_until_a_user_says_so()
    {
        await using var one = await OneManager.StartAsync();
        await SetObserveAsync(one);
        var created = await one.CreateAsync("web");
        // The planner has seen this state before it sees the next command's.
        await one.CreateAsync("other");
        Assert.Empty(one.Node.State.TasksOf(new ServiceId(created.Id)));
        var seen = await ShowAsync(one);
        Assert.True(seen.Observing);
        Assert.Equal(1UL, seen.TasksToStart["web"]);
        var ended = await EndAsync(one, seen.Version);
        Assert.True(ended.Ended);
        await OneManager.UntilAsync(() => one.Node.State.TasksOf(new ServiceId(created.Id)).Any());
        Assert.False((await EndAsync(one, 0)).Ended);
    }

    [Fact]
    public async Task What_was_not_looked_at_is_not_ended()
    {
        await using var one = await OneManager.StartAsync();
        await SetObserveAsync(one);
        var seen = await ShowAsync(one);
        await one.CallAsync<RotateJoinTokenRequest, GetJoinTokensResponse>(
            "RotateJoinToken", one.Marked(new RotateJoinTokenRequest { Role = NodeRole.Worker }));
        var refusal = await Assert.ThrowsAsync<Rpc.RpcException>(() => EndAsync(one, seen.Version));
        Assert.Equal(Rpc.RpcStatusCode.Aborted, refusal.Code);
        Assert.True((await ShowAsync(one)).Observing);
    }

    [Fact]
    public async Task Observation_survives_a_restart()
    {
        await using var one = await OneManager.StartAsync();
        await SetObserveAsync(one);
        await one.RestartAsync();
        Assert.True((await ShowAsync(one)).Observing);
    }

    [Fact]
    public async Task A_fresh_state_holds_what_was_acknowledged()
    {
        await using var one = await OneManager.StartAsync();
        var created = await one.CreateAsync("web");
        var state = await one.Node.FreshStateAsync(default);
        Assert.NotNull(state.Services.Get(new ServiceId(created.Id)));
    }

    private static Task<GetObservationResponse> ShowAsync(OneManager one) =>
        one.CallAsync<GetObservationRequest, GetObservationResponse>("GetObservation", new GetObservationRequest());

    private static Task<EndObservationResponse> EndAsync(OneManager one, ulong version) =>
        one.CallAsync<EndObservationRequest, EndObservationResponse>(
            "EndObservation", one.Marked(new EndObservationRequest { Version = version }));

    private static async Task SetObserveAsync(OneManager one)
    {
        await OneManager.UntilAsync(() => one.Node.Session is not null);
        await one.Node.Session!.Proposer.CommandAsync(
            new StoreAction.SetCluster(one.Node.State.Cluster! with { Observe = true }), default);
    }
}
