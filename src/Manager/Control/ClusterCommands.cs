using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>Commands about the cluster object, on the leader: settings, autolock, the unlock key.</summary>
internal sealed class ClusterCommands(LeaderContext leader)
{
    internal async Task<GetClusterResponse> ShowAsync(CancellationToken ct) =>
        new() { Cluster = Views.ToView(Cluster(await leader.FreshStateAsync(ct).ConfigureAwait(false))) };

    internal async Task<UpdateClusterResponse> UpdateAsync(UpdateClusterRequest request, CancellationToken ct)
    {
        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        var cluster = Cluster(state);
        if (leader.Proposer.Earlier(state, LogAction.KindOneofCase.SetCluster) is { } first)
        {
            return Answer(request, cluster, first.SubjectVersion);
        }

        var spec = request.Spec ?? throw Errors.Invalid([new SpecFault("spec", "", "must be given", "send a spec")]);
        if (ClusterSpecValidator.CheckChange(cluster.Spec, spec) is { Count: > 0 } faults)
        {
            throw Errors.Invalid(faults);
        }

        var autoLock = request.HasAutoLock ? request.AutoLock : cluster.AutoLock;
        var changed = cluster with
        {
            Version = request.Version == 0 ? cluster.Version : request.Version,
            Spec = spec,
            AutoLock = autoLock,
            UnlockKey = !autoLock ? [] : cluster.AutoLock ? cluster.UnlockKey : NewKey(),
        };
        var result = await leader.Proposer.CommandAsync(new StoreAction.SetCluster(changed), ct).ConfigureAwait(false);
        cluster = Cluster(result.State);
        return Answer(request, cluster, result.Request?.SubjectVersion ?? cluster.Version);
    }

    internal async Task<GetUnlockKeyResponse> UnlockKeyAsync(CancellationToken ct)
    {
        var cluster = Cluster(await leader.FreshStateAsync(ct).ConfigureAwait(false));
        return cluster.AutoLock
            ? Key(cluster)
            : throw new RpcException(RpcStatusCode.FailedPrecondition, "no unlock key is set");
    }

    internal async Task<GetUnlockKeyResponse> RotateAsync(CancellationToken ct)
    {
        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        var cluster = Cluster(state);
        if (!cluster.AutoLock)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition, "cannot rotate because autolock is not turned on");
        }

        if (leader.Proposer.Earlier(state, LogAction.KindOneofCase.SetCluster) is not null)
        {
            return Key(cluster);
        }

        var result = await leader.Proposer.CommandAsync(
            new StoreAction.SetCluster(cluster with { UnlockKey = NewKey() }), ct).ConfigureAwait(false);
        return Key(Cluster(result.State));
    }

    private static UpdateClusterResponse Answer(UpdateClusterRequest request, ClusterRecord cluster, ulong version) =>
        new()
        {
            Version = version,
            UnlockKey = request is { HasAutoLock: true, AutoLock: true } && cluster.AutoLock
                ? Key(cluster).UnlockKey
                : "",
        };

    private static GetUnlockKeyResponse Key(ClusterRecord cluster) =>
        new() { UnlockKey = UnlockKey.FromBytes(cluster.UnlockKey.AsSpan()).Text };

    private static ImmutableArray<byte> NewKey() => [.. UnlockKey.Create().ToBytes()];

    private static ClusterRecord Cluster(ClusterState state) =>
        state.Cluster ?? throw new RpcException(RpcStatusCode.Unavailable, "the swarm is still being initialised");
}
