using Swarm.Manager.Core;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>On the leader: makes roles what they are to be, step by step as <see cref="RolePlan"/> says.</summary>
internal sealed class RoleReconciler(
    ClusterStore store, RaftNode raft, Proposer proposer, MembershipChanges changes, HandOver handOver, ManagerLog log)
{
    /// <summary>Who is heard changes without an event.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan HandOverAtMost = TimeSpan.FromSeconds(2);

    /// <summary>Writes wait during an attempt, so one that failed is not made again at once.</summary>
    private static readonly TimeSpan HandOverPause = TimeSpan.FromSeconds(10);

    private long? _handOverFailedAt;

    internal async Task RunAsync(CancellationToken leading)
    {
        var wake = new Wakeup();
        void OnStatus(RaftStatus status) => wake.Set();
        using var subscription = store.Subscribe(
            step =>
            {
                if (step.Changes.Nodes.Length > 0 || step.Changes.Cluster)
                {
                    wake.Set();
                }
            },
            out _);
        raft.StatusChanged += OnStatus;
        try
        {
            while (true)
            {
                await wake.WaitAsync(Poll, leading).ConfigureAwait(false);
                await SettleAsync(leading).ConfigureAwait(false);
            }
        }
        finally
        {
            raft.StatusChanged -= OnStatus;
        }
    }

    private async Task SettleAsync(CancellationToken leading)
    {
        while (RolePlan.Next(store.Current, RaftPeer.Of(raft.Status), raft.Status.Id) is { } step)
        {
            try
            {
                if (!await TakeAsync(step, leading).ConfigureAwait(false))
                {
                    return;
                }
            }
            catch (RpcException e) when (!leading.IsCancellationRequested)
            {
                log.RoleStepFailed(step.ToString(), e.Message);
                return;
            }
        }
    }

    private async Task<bool> TakeAsync(RoleStep step, CancellationToken leading)
    {
        switch (step)
        {
            case RoleStep.SetRole(var node, var role):
                await proposer.CommandAsync(new StoreAction.SetNodeRole(node, role), leading).ConfigureAwait(false);
                log.RoleSet(node.Value, role.ToString());
                return true;
            case RoleStep.Remove(var id, var node):
                await changes.ApplyAsync(ConfChange.Remove(id), leading).ConfigureAwait(false);
                log.MemberRemoved(id.Value, node.Value);
                return true;
            case RoleStep.HandOver(var to):
                if (_handOverFailedAt is not { } at || store.Clock.GetElapsedTime(at) > HandOverPause)
                {
                    var done = await handOver.TryAsync(to, HandOverAtMost, leading).ConfigureAwait(false);
                    _handOverFailedAt = done ? null : store.Clock.GetTimestamp();
                }

                return false;
            default:
                throw new InvalidOperationException($"unknown step {step}");
        }
    }
}
