using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>Who begins a swarm anew, and how.</summary>
/// <param name="Self">The only manager of the new epoch; made when the state does not know it.</param>
/// <param name="Spec">For a manager that is made.</param>
/// <param name="Observe">Nothing is started or stopped until a user says so.</param>
/// <param name="WorkerSecret">Of the new join token.</param>
/// <param name="ManagerSecret">Of the new join token.</param>
public sealed record NewEpochRequest(
    NodeId Self, NodeSpec Spec, bool Observe, ImmutableArray<byte> WorkerSecret, ImmutableArray<byte> ManagerSecret);

/// <summary>The state with which a new epoch begins, and the managers that are no members of it.</summary>
public sealed record NewEpochState(ClusterState State, IReadOnlyList<NodeRecord> Removed);

/// <summary>
/// A swarm begins anew from a copy of its state: one manager, the next epoch, new join tokens, and no other node that
/// was a manager (raft-pitfalls R30). Everything else stays: services, tasks, workers, the certificate authority.
/// </summary>
public static class NewEpoch
{
    /// <summary>One more entry on top of the state, as if it had come through the log.</summary>
    public static NewEpochState Begin(ClusterState state, NewEpochRequest request, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(request);
        Invariant.Check(state.Cluster is not null);
        var others = state.Nodes.Values
            .Where(n => n.Role == NodeRole.Manager && n.Id != request.Self).OrderBy(n => n.Id).ToList();
        // The new manager comes first: it must not get the subnet that containers of a removed one may still use.
        var entry = new StoreEntry(at, [
            new StoreAction.SetCluster(Changed(state.Cluster, request, at)),
            .. Own(state, request),
            .. others.SelectMany(Remove),
            // Promotions that were under way are over: the managers that knew of them are gone.
            .. state.Nodes.Values
                .Where(n => n.Role != NodeRole.Manager && n.DesiredRole == NodeRole.Manager && n.Id != request.Self)
                .OrderBy(n => n.Id).Select(n => Wish(n, NodeSpec.Types.Role.Worker)),
        ]);
        var result = state.Apply(entry, state.LastIndex + 1);
        Invariant.Check(result.Outcomes.All(o => o.IsApplied));
        return new NewEpochState(result.State, others);
    }

    private static ClusterRecord Changed(
        ClusterRecord cluster, NewEpochRequest request, DateTimeOffset at) => cluster with
    {
        Version = 0,
        Epoch = Next(cluster.Epoch, at),
        Observe = request.Observe || cluster.Observe,
        WorkerTokenSecret = request.WorkerSecret,
        ManagerTokenSecret = request.ManagerSecret,
        FormatVersion = Math.Max(cluster.FormatVersion, StoreFormat.Requests),
    };

    /// <summary>
    /// The seconds since 1970, so that it is above every epoch of the past: a backup may be older than an epoch that
    /// nodes have seen since, and must not begin that one a second time. Above the one before also on a machine whose
    /// clock is behind.
    /// </summary>
    private static ulong Next(ulong epoch, DateTimeOffset at) =>
        Math.Max(epoch + 1, (ulong)Math.Max(0, at.ToUnixTimeSeconds()));

    private static IEnumerable<StoreAction> Own(ClusterState state, NewEpochRequest request)
    {
        if (state.Nodes.Get(request.Self) is not { } self)
        {
            yield return NewNodes.Create(request.Self, NodeRole.Manager, request.Spec);
        }
        else
        {
            if (self.Role != NodeRole.Manager)
            {
                yield return new StoreAction.SetNodeRole(request.Self, NodeRole.Manager);
            }

            if (self.Spec.Role == NodeSpec.Types.Role.Worker)
            {
                yield return Wish(self, NodeSpec.Types.Role.Manager);
            }
        }
    }

    private static StoreAction Wish(NodeRecord node, NodeSpec.Types.Role role)
    {
        var spec = node.Spec.Clone();
        spec.Role = role;
        return new StoreAction.UpdateNodeSpec(node.Id, 0, spec);
    }

    /// <summary>A manager is never removed as such.</summary>
    private static IEnumerable<StoreAction> Remove(NodeRecord manager) =>
    [
        new StoreAction.SetNodeRole(manager.Id, NodeRole.Worker),
        new StoreAction.RemoveNode(manager.Id),
    ];
}
