using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>
/// On the leader: lets managers go one at a time, so that two demotions which are possible alone cannot together take
/// the quorum away.
/// </summary>
internal sealed class RoleGate(ClusterStore store, RaftNode raft)
{
    /// <summary>For one that leaves: until it is out.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Stores a wish after it was checked that the managers which remain are enough.</summary>
    /// <exception cref="RpcException">They are not.</exception>
    internal async Task<T> LetGoAsync<T>(NodeId node, string doing, Func<Task<T>> wish, CancellationToken ct)
    {
        await _one.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            var outlook = QuorumOutlook.Without(store.Current, RaftPeer.Of(raft.Status), node);
            return outlook.Refusal(doing) is { Length: > 0 } refusal
                ? throw new RpcException(RpcStatusCode.FailedPrecondition, refusal)
                : await wish().ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Takes a manager that leaves out of Raft; returns when it is out.</summary>
    internal async Task LeaveAsync(Proposer proposer, NodeId node, CancellationToken ct)
    {
        if (store.Current.Nodes.Get(node) is not { } record)
        {
            return;
        }

        if (record.DesiredRole == NodeRole.Manager)
        {
            var spec = record.Spec.Clone();
            spec.Role = NodeSpec.Types.Role.Worker;
            await LetGoAsync(
                node, $"let node {record.Hostname} leave",
                () => proposer.CommandAsync(new StoreAction.UpdateNodeSpec(node, 0, spec), ct), ct)
                .ConfigureAwait(false);
        }

        var began = store.Clock.GetTimestamp();
        while (raft.Status.Members.Any(m => m.NodeId == node.Value)
            || store.Current.Nodes.Get(node) is { Role: NodeRole.Manager })
        {
            if (store.Clock.GetElapsedTime(began) > Patience)
            {
                throw new RpcException(
                    RpcStatusCode.DeadlineExceeded,
                    $"node {record.Hostname} is still a manager after {Patience.TotalSeconds:0} s; the leader goes on "
                    + "trying");
            }

            await Task.Delay(Pause, store.Clock, ct).ConfigureAwait(false);
        }
    }
}
