using Swarm.Model;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>
/// On the leader: raises the format of log and snapshots once every manager reads it, and takes in no manager that
/// does not read the present one. Both under one lock, so that no manager slips in between.
/// </summary>
internal sealed class FormatGate(
    ClusterStore store, Proposer proposer, Func<IReadOnlyList<NodeId>> managers, ManagerLog log)
{
    /// <summary>Members change without a step of the state, so it is looked at now and then as well.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _one = new(1, 1);

    internal async Task RunAsync(CancellationToken leading)
    {
        var changed = new Wakeup();
        using var subscription = store.Subscribe(
            step =>
            {
                if (step.Changes.Nodes.Length > 0 || step.Changes.Cluster)
                {
                    changed.Set();
                }
            },
            out _);
        while (true)
        {
            await changed.WaitAsync(Poll, leading).ConfigureAwait(false);
            await RaiseAsync(leading).ConfigureAwait(false);
        }
    }

    /// <summary>Takes a manager in by <paramref name="join"/> if it reads the present format.</summary>
    /// <exception cref="RpcException">It is too old.</exception>
    internal async Task AdmitAsync(uint reads, Func<Task> join, CancellationToken ct)
    {
        await _one.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            var present = store.Current.Format;
            if (Math.Max(StoreFormat.First, reads) < present)
            {
                throw new RpcException(
                    RpcStatusCode.FailedPrecondition,
                    $"this manager reads log format {Math.Max(StoreFormat.First, reads)}, the swarm writes {present}; "
                    + "install the version of the other managers on it");
            }

            await join().ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task RaiseAsync(CancellationToken leading)
    {
        await _one.WaitAsync(leading).ConfigureAwait(false);
        try
        {
            var state = store.Current;
            var common = FormatRules.Common(state, managers());
            if (state.Cluster is not { } cluster || common <= state.Format)
            {
                return;
            }

            await proposer.CommandAsync(
                new StoreAction.SetCluster(cluster with { FormatVersion = common }), leading).ConfigureAwait(false);
            log.FormatRaised(state.Format, common);
        }
        catch (RpcException e) when (!leading.IsCancellationRequested)
        {
            log.FormatNotRaised(e.Message);
        }
        finally
        {
            _one.Release();
        }
    }
}
