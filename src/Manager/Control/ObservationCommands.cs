using Swarm.Manager.Core;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>What a restored swarm has found, and the end of its observation, on the leader.</summary>
internal sealed class ObservationCommands(LeaderContext leader)
{
    internal async Task<GetObservationResponse> ShowAsync(CancellationToken ct)
    {
        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        var found = await leader.Session.Dispatcher.AskAsync(core => core.Found())
            .WaitAsync(LeaderContext.ReadTimeout, ct).ConfigureAwait(false);
        return ObservationReport.Of(state, found, leader.Store.Clock.GetUtcNow(), PlannerLoop.NewTaskId);
    }

    internal async Task<EndObservationResponse> EndAsync(EndObservationRequest request, CancellationToken ct)
    {
        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        if (leader.Proposer.Earlier(state, LogAction.KindOneofCase.SetCluster) is not null)
        {
            return new EndObservationResponse { Ended = true };
        }

        var cluster = state.Cluster
            ?? throw new RpcException(RpcStatusCode.Unavailable, "the swarm is still being initialised");
        if (!cluster.Observe)
        {
            return new EndObservationResponse();
        }

        var version = request.Version == 0 ? cluster.Version : request.Version;
        await leader.Proposer.CommandAsync(
            new StoreAction.SetCluster(cluster with { Observe = false, Version = version }), ct).ConfigureAwait(false);
        return new EndObservationResponse { Ended = true };
    }
}
