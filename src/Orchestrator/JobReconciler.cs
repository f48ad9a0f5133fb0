using Swarm.Model;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>
/// Jobs: tasks that are to end. A slot is done when a task of it has ended well in the present iteration; one that
/// failed is tried again as the restart policy says, on-failure at most (behaviour.md G).
/// </summary>
internal static class JobReconciler
{
    internal static void Reconcile(ServiceScope scope)
    {
        var slots = new List<Slot>();
        foreach (var slot in scope.Slots)
        {
            foreach (var task in slot.Tasks.Where(t => !IsCurrent(scope, t)))
            {
                scope.Desire(task, TaskState.Remove);
            }

            slot.Wanted.RemoveAll(t => !IsCurrent(scope, t));
            if (slot.Newest is { } newest && IsCurrent(scope, newest))
            {
                slots.Add(slot);
            }
        }

        if (scope.Service.IsGlobal)
        {
            KeepGlobal(scope, slots);
        }
        else
        {
            KeepReplicated(scope, slots);
            if (scope.Service.Spec.RemoveAfter() is { } rest)
            {
                RemoveAfter(scope, slots, rest);
            }
        }
    }

    /// <summary>
    /// Nothing of it runs and nothing more is to come: it goes when its time is over. Counted from what the leader
    /// wrote down, so that another leader comes to the same moment.
    /// </summary>
    private static void RemoveAfter(ServiceScope scope, List<Slot> slots, TimeSpan rest)
    {
        var tasks = scope.Slots.SelectMany(s => s.Tasks).ToList();
        if (scope.Actions.Count > 0 || (ulong)slots.Count < scope.Service.Spec.TotalCompletions()
            || slots.Exists(s => s.Wanted.Count > 0 && !IsDone(scope, s))
            || tasks.Exists(t => !t.Status.State.IsTerminal()))
        {
            return;
        }

        var due = tasks.Max(t => t.Status.AppliedAt) + rest;
        if (due > scope.Now)
        {
            scope.Wake(due);
            return;
        }

        scope.Actions.Add(new StoreAction.RemoveService(scope.Service.Id));
    }

    /// <summary>A task of it has ended well.</summary>
    private static bool IsDone(ServiceScope scope, Slot slot) =>
        !Planted.Has(PlantedBug.JobOverCompleted)
        && slot.Tasks.Any(t => t.Status.State == TaskState.Complete && IsCurrent(scope, t));

    private static bool IsCurrent(ServiceScope scope, TaskRecord task) =>
        task.SpecVersion >= scope.Service.JobSpecVersion;

    /// <summary>
    /// A task that was replaced because its node was away had ended well after all: its successor is not needed.
    /// </summary>
    private static void StopTheRest(ServiceScope scope, IEnumerable<Slot> done)
    {
        foreach (var task in done.SelectMany(s => s.Wanted).Where(t => !t.Status.State.IsTerminal()))
        {
            scope.Desire(task, TaskState.Shutdown);
        }
    }

    private static void KeepGlobal(ServiceScope scope, List<Slot> slots)
    {
        var done = slots.FindAll(s => IsDone(scope, s)).ToHashSet();
        StopTheRest(scope, done);
        foreach (var slot in ServiceReconciler.GlobalSlots(scope, slots, done))
        {
            SlotKeeper.Step(scope, slot);
        }
    }

    private static void KeepReplicated(ServiceScope scope, List<Slot> slots)
    {
        var active = 0UL;
        StopTheRest(scope, slots.Where(s => IsDone(scope, s)));
        foreach (var slot in slots.Where(s => !IsDone(scope, s)))
        {
            var isToldNow = slot.Tasks.Any(t => IsToldNow(scope, t));
            scope.IsHeldBack |= isToldNow;
            active += SlotKeeper.Step(scope, slot) || slot.Wanted.Count > 0 || isToldNow
                || slot.Tasks.Any(t => RestartRules.IsStopping(scope, t)) ? 1UL : 0;
        }

        var most = scope.Service.Spec.MaxConcurrent();
        var free = most - Math.Min(most, Planted.Has(PlantedBug.JobConcurrencyIgnored) ? 0 : active);
        var taken = slots.Select(s => s.Key.Slot).ToHashSet();
        var stopping = scope.Slots.Where(s => s.IsRunningSomewhere).Select(s => s.Key.Slot).ToHashSet();
        var total = scope.Service.Spec.TotalCompletions();
        for (ulong number = 1; number <= total && free > 0 && !scope.IsFull; number++)
        {
            if (!taken.Contains(number))
            {
                // What an iteration before this one left in the slot has to stop first.
                var desired = stopping.Contains(number) ? TaskState.Ready : scope.Up;
                scope.Create(new SlotKey(scope.Service.Id, number, default), desired, null);
                free--;
            }
        }
    }

    /// <summary>
    /// This very plan gives it up with its node. That is refused when the node is back meanwhile, and then the task
    /// runs on: who takes its turn is for the next plan.
    /// </summary>
    private static bool IsToldNow(ServiceScope scope, TaskRecord task) =>
        !task.IsWanted && !task.Status.State.IsTerminal() && task.Version > scope.PlannedOn;
}
