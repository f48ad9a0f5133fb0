using Swarm.Model;
using Swarm.Scheduler;

namespace Swarm.Orchestrator;

/// <summary>
/// Keeps one slot alive: replaces what ended or lost its node, starts what was prepared, stops what is too many.
/// One step a call; what follows from it comes with the next look at the state.
/// </summary>
internal static class SlotKeeper
{
    /// <summary>True when it acted: others leave the slot alone in this round.</summary>
    internal static bool Step(ServiceScope scope, Slot slot)
    {
        var before = scope.Actions.Count;
        var lost = slot.Wanted.FindAll(t => IsLost(scope, t));
        if (lost.Find(t => DrainRules.Leaves(scope, t)) is { } leaving)
        {
            DrainRules.Step(scope, slot, leaving);
        }
        else if (lost.Count > 0)
        {
            Replace(scope, slot, lost);
        }
        else if (slot.Wanted.Count == 0)
        {
            Revive(scope, slot);
        }
        else
        {
            Settle(scope, slot);
        }

        return scope.Actions.Count > before;
    }

    internal static bool IsLost(ServiceScope scope, TaskRecord task) =>
        task.Status.State.IsTerminal() || scope.HasLostNode(task) || scope.IsMisplaced(task);

    private static void Replace(ServiceScope scope, Slot slot, List<TaskRecord> lost)
    {
        var newest = slot.Wanted[^1];
        foreach (var task in lost.Where(t => t != newest))
        {
            scope.Desire(task, TaskState.Shutdown);
        }

        if (lost[^1] != newest)
        {
            return;
        }

        var hasOther = slot.Wanted.Count > lost.Count;
        if (hasOther && !ReplacesInUpdate(scope, newest))
        {
            scope.Desire(newest, TaskState.Shutdown);
            return;
        }

        // A replacement that failed while it still waited for its own start: no tight loop on a missing image.
        if (newest.Status.State.IsTerminal() && newest.StartNotBefore is { } due && due > scope.Now
            && !scope.HasLostNode(newest))
        {
            scope.Wake(due);
            return;
        }

        if (!Planted.Has(PlantedBug.SurplusKept) || newest.Status.State.IsTerminal())
        {
            scope.Desire(newest, TaskState.Shutdown);
        }

        Succeed(scope, slot, newest);
    }

    /// <summary>It is the new task of a running update, next to the old one.</summary>
    private static bool ReplacesInUpdate(ServiceScope scope, TaskRecord task) =>
        scope.Service.Update is { IsRunning: true } && !scope.IsDirty(task);

    private static void Revive(ServiceScope scope, Slot slot)
    {
        if (slot.Newest is not { } newest)
        {
            return;
        }

        // Its node was away and is back, or it was told to leave: it may still report that it ended by itself.
        if (newest.DesiredState != TaskState.Remove && RestartRules.EndMatters(scope)
            && RestartRules.IsStopping(scope, newest) && RestartRules.StopBound(scope, newest) is var bound
            && bound > scope.Now)
        {
            scope.Wake(bound);
            return;
        }

        Succeed(scope, slot, newest);
    }

    private static void Succeed(ServiceScope scope, Slot slot, TaskRecord old)
    {
        if (scope.Service.IsGlobal && scope.State.Nodes.Get(slot.Key.Node) is not { IsSchedulable: true })
        {
            return;
        }

        if (old.DesiredState == TaskState.Remove || RestartRules.Allows(scope, slot, old))
        {
            scope.Create(slot.Key, TaskState.Ready, RestartRules.StartOf(scope, old));
        }
    }

    private static void Settle(ServiceScope scope, Slot slot)
    {
        var serving = slot.Wanted.FindLast(t => IsServing(scope, t) && t.Status.State == TaskState.Running)
            ?? slot.Wanted.FindLast(t => IsServing(scope, t));
        if (serving is not null && slot.Wanted.Count > 1 && IsUp(scope, slot, serving))
        {
            // Also a newer one that was being prepared: a change of labels can make the old one right again.
            foreach (var task in slot.Wanted.Where(t => t != serving))
            {
                scope.Desire(task, TaskState.Shutdown);
            }

            return;
        }

        if (slot.Wanted[^1].DesiredState == TaskState.Ready)
        {
            TryStart(scope, slot, slot.Wanted[^1]);
        }
    }

    private static bool IsServing(ServiceScope scope, TaskRecord task) =>
        task.DesiredState == scope.Up && !scope.IsDirty(task);

    /// <summary>With start-first the old one stays until the new one runs.</summary>
    private static bool IsUp(ServiceScope scope, Slot slot, TaskRecord serving) =>
        serving.Status.State == TaskState.Running
        || !scope.Policy.IsStartFirst()
        || !slot.Wanted.Exists(scope.IsDirty);

    private static void TryStart(ServiceScope scope, Slot slot, TaskRecord task)
    {
        if (task.StartNotBefore is { } start && start > scope.Now)
        {
            scope.Wake(start);
            return;
        }

        if (scope.Policy.IsStartFirst() && scope.Service.Update is { IsRunning: true } && !scope.IsDirty(task))
        {
            scope.Desire(task, scope.Up);
            return;
        }

        if (slot.Wanted.Count > 1 && !Planted.Has(PlantedBug.TwoInSlot))
        {
            return;
        }

        foreach (var old in slot.Tasks.Where(t => RestartRules.IsStopping(scope, t)))
        {
            var bound = RestartRules.StopBound(scope, old);
            if (bound > scope.Now)
            {
                scope.Wake(bound);
                return;
            }
        }

        scope.Desire(task, scope.Up);
    }
}
