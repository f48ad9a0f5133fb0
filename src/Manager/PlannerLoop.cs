using System.Collections.Immutable;
using System.Security.Cryptography;
using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>
/// On the leader: plans on the newest state, proposes the plan, waits until it is applied, plans again. One plan is in
/// flight at a time, so a plan is always made on a state that holds the one before (design.md §1.2). A large plan goes
/// into the log piece by piece, each when the one before is applied: any prefix of a plan is sound, and what users
/// write meanwhile comes between two pieces.
/// </summary>
internal sealed class PlannerLoop(ClusterStore store, Proposer proposer, ManagerLog log)
{
    /// <summary>Actions of one entry: as much as a user's command may find before it in the log. Applying them takes
    /// a few milliseconds.</summary>
    internal const int MaxActionsAnEntry = 1_000;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(1);

    internal async Task RunAsync(CancellationToken leading)
    {
        var planner = new Planner();
        using var changed = new SemaphoreSlim(1, 1);
        using var subscription = store.Subscribe(_ => Wake(changed), out _);
        DateTimeOffset? wakeAt = null;
        while (!leading.IsCancellationRequested)
        {
            await changed.WaitAsync(SleepUntil(wakeAt), leading).ConfigureAwait(false);
            wakeAt = await PlanAsync(planner, changed, leading).ConfigureAwait(false);
        }
    }

    private async Task<DateTimeOffset?> PlanAsync(Planner planner, SemaphoreSlim changed, CancellationToken leading)
    {
        var now = store.Clock.GetUtcNow();
        var began = store.Clock.GetTimestamp();
        var state = store.Current;
        if (state.Cluster is { Observe: true })
        {
            // A restored swarm learns what runs before anything is started, stopped or placed (invariant I13).
            return null;
        }

        var plan = planner.Plan(state, now, NewTaskId);
        store.Counters.Planned(store.Clock.GetElapsedTime(began), plan.Actions.Length);
        if (plan.IsEmpty)
        {
            return plan.WakeAt;
        }

        try
        {
            await ProposeAsync(plan.Actions, now, state.NodesRevision, leading).ConfigureAwait(false);
        }
        catch (RpcException e) when (!leading.IsCancellationRequested)
        {
            log.PlanNotProposed(e.Message);
            await Task.Delay(RetryDelay, leading).ConfigureAwait(false);
        }

        Wake(changed);
        return plan.WakeAt;
    }

    private async Task ProposeAsync(
        ImmutableArray<StoreAction> actions, DateTimeOffset now, ulong nodesRevision, CancellationToken leading)
    {
        var (done, refused) = (0, 0);
        while (done < actions.Length)
        {
            var piece = actions.Slice(done, Math.Min(MaxActionsAnEntry, actions.Length - done));
            var result = await proposer.ProposeAsync(piece, now, leading).ConfigureAwait(false);
            done += piece.Length;
            refused += result.Outcomes.Count(o => !o.IsApplied);
            if (store.Current.NodesRevision != nodesRevision)
            {
                // A node came, went or was drained: what is left is planned anew.
                break;
            }
        }

        log.Planned(done, refused);
    }

    private TimeSpan SleepUntil(DateTimeOffset? wakeAt)
    {
        if (wakeAt is not { } at)
        {
            return LongestSleep;
        }

        var span = at - store.Clock.GetUtcNow();
        return span < TimeSpan.Zero ? TimeSpan.Zero : span > LongestSleep ? LongestSleep : span;
    }

    internal static TaskId NewTaskId() =>
        new(IdFormat.FromRandom(RandomNumberGenerator.GetBytes(IdFormat.RandomBytes)));

    private static void Wake(SemaphoreSlim changed)
    {
        if (changed.CurrentCount == 0)
        {
            try
            {
                changed.Release();
            }
            catch (SemaphoreFullException)
            {
                return;
            }
        }
    }
}
