using System.Security.Cryptography;
using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>
/// On the leader: plans on the newest state, proposes the plan as one entry, waits until it is applied, plans again.
/// One plan is in flight at a time, so a plan is always made on a state that holds the one before (design.md §1.2).
/// </summary>
internal sealed class PlannerLoop(ClusterStore store, Proposer proposer, ManagerLog log)
{
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
            var result = await proposer.ProposeAsync(plan, now, leading).ConfigureAwait(false);
            log.Planned(plan.Actions.Length, result.Outcomes.Count(o => !o.IsApplied));
        }
        catch (RpcException e) when (!leading.IsCancellationRequested)
        {
            log.PlanNotProposed(e.Message);
            await Task.Delay(RetryDelay, leading).ConfigureAwait(false);
        }

        Wake(changed);
        return plan.WakeAt;
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
