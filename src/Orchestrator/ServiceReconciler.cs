using Swarm.Model;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>One look at one service: what has to be done now for it to become what its spec says.</summary>
internal static class ServiceReconciler
{
    internal static void Reconcile(
        ServiceScope scope, ServiceBook book, IEnumerable<KeyValuePair<PortKey, ServiceId>> promised)
    {
        if (!scope.Service.Removing)
        {
            Allocator.Allocate(scope, promised);
        }

        if (CalmService.MayBe(scope.Service) && new CalmService(scope, book.LedgerOf(scope)).TryKeep())
        {
            return;
        }

        if (scope.Service.Removing)
        {
            Remove(scope);
            return;
        }

        TaskReaper.Reap(scope, scope.Slots);
        if (scope.Service.IsJob)
        {
            JobReconciler.Reconcile(scope);
        }
        else if (scope.Service.IsGlobal)
        {
            Keep(scope, GlobalSlots(scope, scope.Slots, []));
        }
        else
        {
            Keep(scope, Scaling.Apply(scope, scope.Service.Spec.Replicas()));
        }
    }

    /// <summary>Task by task, whatever slot it is of: slots matter to what stays.</summary>
    private static void Remove(ServiceScope scope)
    {
        if (scope.State.SlotsOf(scope.Service.Id).Count == 0)
        {
            scope.Actions.Add(new StoreAction.DeleteService(scope.Service.Id));
            return;
        }

        foreach (var task in scope.State.TasksOf(scope.Service.Id).TakeWhile(_ => !scope.IsFull))
        {
            scope.Looks++;
            if (TaskReaper.GoesWithService(scope, task))
            {
                scope.Actions.Add(new StoreAction.DeleteTask(task.Id));
            }
            else
            {
                scope.Desire(task, TaskState.Remove);
            }
        }
    }

    private static void Keep(ServiceScope scope, List<Slot> slots)
    {
        var updatable = scope.Service.IsGlobal
            ? slots.FindAll(s => scope.State.Nodes.Get(s.Key.Node) is { IsSchedulable: true })
            : slots;
        var update = new RollingUpdate(scope, updatable);
        if (!update.Judge())
        {
            return;
        }

        var touched = new HashSet<Slot>();
        foreach (var slot in slots)
        {
            if (SlotKeeper.Step(scope, slot))
            {
                touched.Add(slot);
            }
        }

        update.Advance(touched);
    }

    /// <summary>
    /// Slots on nodes where the service belongs; elsewhere its tasks are stopped (behaviour.md F). Those that are
    /// <paramref name="done"/> need nothing more.
    /// </summary>
    internal static List<Slot> GlobalSlots(ServiceScope scope, List<Slot> slots, HashSet<Slot> done)
    {
        var staying = new List<Slot>();
        foreach (var slot in slots.Where(s => !done.Contains(s)))
        {
            if (scope.State.Nodes.Get(slot.Key.Node) is { MustBeEmptied: false } node && scope.Rules.Admits(node))
            {
                staying.Add(slot);
                continue;
            }

            slot.Wanted.ForEach(t => scope.Desire(t, TaskState.Shutdown));
        }

        var present = slots.Select(s => s.Key.Node).ToHashSet();
        var stopping = scope.Slots.Where(s => !present.Contains(s.Key.Node) && s.IsRunningSomewhere)
            .Select(s => s.Key.Node).ToHashSet();
        foreach (var node in scope.State.Nodes.Values.Where(n => n.IsSchedulable && !present.Contains(n.Id))
            .Where(scope.Rules.Admits).OrderBy(n => n.Id).TakeWhile(_ => !scope.IsFull))
        {
            // What an iteration of a job before this one left on the node has to stop first.
            var desired = stopping.Contains(node.Id) ? TaskState.Ready : scope.Up;
            scope.Create(new SlotKey(scope.Service.Id, 0, node.Id), desired, null);
        }

        return staying;
    }
}
