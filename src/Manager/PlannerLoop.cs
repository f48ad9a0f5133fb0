using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Rpc;
using Swarm.Security;
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
    internal const int MaxActionsAnEntry = 250;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(1);

    /// <summary>
    /// After a plan that found nothing to do: most changes of the state need no plan, and one for each of thousands a
    /// second would cost as much as writing them. The first change after a quiet time is planned for at once.
    /// </summary>
    private static readonly TimeSpan PauseWhenNothingToDo = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// While users change something, the planner rests after each piece of a large plan for as long as it worked, at
    /// most this long. Two cores that do nothing but plan have none left for the collector of garbage, and a user who
    /// writes meanwhile waits for it.
    /// </summary>
    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(25);

    private long? _nothingToDoAt;
    private long _workedSince;

    internal async Task RunAsync(CancellationToken leading)
    {
        var planner = new Planner();
        var changed = new Wakeup();
        using var subscription = store.Subscribe(
            step =>
            {
                if (!step.Changes.AtMostPayloads)
                {
                    changed.Set();
                }
            },
            out _);
        DateTimeOffset? wakeAt = null;
        while (!leading.IsCancellationRequested)
        {
            await changed.WaitAsync(SleepUntil(wakeAt), leading).ConfigureAwait(false);
            await PauseAsync(leading).ConfigureAwait(false);
            wakeAt = await PlanAsync(planner, changed, leading).ConfigureAwait(false);
        }
    }

    private async Task<DateTimeOffset?> PlanAsync(Planner planner, Wakeup changed, CancellationToken leading)
    {
        var now = store.Clock.GetUtcNow();
        var began = _workedSince = store.Clock.GetTimestamp();
        var state = store.Current;
        if (state.Cluster is { Observe: true })
        {
            // A restored swarm learns what runs before anything is started, stopped or placed (invariant I13).
            return null;
        }

        var plan = planner.Plan(state, now, NewTaskId);
        store.Counters.Planned(store.Clock.GetElapsedTime(began), plan.Actions.Length);
        _nothingToDoAt = plan.IsEmpty ? store.Clock.GetTimestamp() : null;
        if (plan.IsEmpty)
        {
            return plan.WakeAt;
        }

        try
        {
            await ProposeAsync(plan, now, state.NodesRevision, leading).ConfigureAwait(false);
        }
        catch (RpcException e) when (!leading.IsCancellationRequested)
        {
            log.PlanNotProposed(e.Message);
            await Task.Delay(RetryDelay, leading).ConfigureAwait(false);
        }

        changed.Set();
        return plan.WakeAt;
    }

    private async Task PauseAsync(CancellationToken leading)
    {
        if (_nothingToDoAt is { } at && PauseWhenNothingToDo - store.Clock.GetElapsedTime(at) is var left
            && left > TimeSpan.Zero)
        {
            await Task.Delay(left, store.Clock, leading).ConfigureAwait(false);
        }
    }

    private async Task ProposeAsync(
        Plan plan, DateTimeOffset now, ulong nodesRevision, CancellationToken leading)
    {
        var (done, refused) = (0, 0);
        while (done < plan.Actions.Length)
        {
            if (plan.Actions.Length > MaxActionsAnEntry)
                await RestAsync(leading).ConfigureAwait(false);
            var piece = plan.Actions.Slice(done, Math.Min(MaxActionsAnEntry, plan.Actions.Length - done));
            var result = await proposer.ProposeAsync(plan with { Actions = piece }, now, leading).ConfigureAwait(false);
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

    private async Task RestAsync(CancellationToken leading)
    {
        var worked = store.Clock.GetElapsedTime(_workedSince);
        if (store.Users.IsRecent)
        {
            await Task.Delay(worked < LongestRest ? worked : LongestRest, store.Clock, leading).ConfigureAwait(false);
        }

        _workedSince = store.Clock.GetTimestamp();
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

    internal static TaskId NewTaskId() => new(NewIds.Next());
}
