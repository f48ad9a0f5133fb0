using System.Threading.Channels;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>
/// Puts what nodes reported into the log, many reports an entry: whatever arrived while the last entry was under way
/// goes into the next.
/// </summary>
internal sealed class StatusCommitter(Proposer proposer, ClusterStore store, ManagerLog log)
{
    /// <summary>Actions of one entry, give or take a batch: a user's command may find one before it.</summary>
    private const int MaxActions = PlannerLoop.MaxActionsAnEntry;

    /// <summary>Batches that may wait.</summary>
    private const int MaxWaiting = 100_000;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);

    private readonly Channel<(IReadOnlyList<StoreAction> Actions, Action Done)> _waiting =
        Channel.CreateBounded<(IReadOnlyList<StoreAction>, Action)>(MaxWaiting);

    /// <summary>Batches that wait.</summary>
    internal int Waiting => _waiting.Reader.Count;

    /// <summary>Queues actions; <paramref name="done"/> runs once they are in the log.</summary>
    internal void Add(IReadOnlyList<StoreAction> actions, Action done)
    {
        if (!_waiting.Writer.TryWrite((actions, done)))
        {
            store.Counters.DroppedStatus(actions.Count);
            log.StatusDropped(actions.Count);
        }
    }

    internal async Task RunAsync(CancellationToken leading)
    {
        var actions = new List<StoreAction>();
        var dones = new List<Action>();
        while (await _waiting.Reader.WaitToReadAsync(leading).ConfigureAwait(false))
        {
            while (actions.Count < MaxActions && _waiting.Reader.TryRead(out var next))
            {
                actions.AddRange(next.Actions);
                dones.Add(next.Done);
            }

            if (actions.Count > 0)
            {
                await UntilProposedAsync(actions, leading).ConfigureAwait(false);
            }

            dones.ForEach(done => done());
            actions.Clear();
            dones.Clear();
        }
    }

    /// <summary>Reports may be proposed again: Apply drops what would go back.</summary>
    private async Task UntilProposedAsync(List<StoreAction> actions, CancellationToken leading)
    {
        while (true)
        {
            try
            {
                await proposer.ProposeAsync(actions, store.Clock.GetUtcNow(), leading).ConfigureAwait(false);
                return;
            }
            catch (RpcException e) when (!leading.IsCancellationRequested)
            {
                log.StatusRetried(e.Message);
                await Task.Delay(RetryDelay, leading).ConfigureAwait(false);
            }
        }
    }
}
