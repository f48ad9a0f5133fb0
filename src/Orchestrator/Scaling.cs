using Swarm.Model;

namespace Swarm.Orchestrator;

/// <summary>As many slots as the spec wants: the lowest free numbers come, and behaviour.md C says which go.</summary>
internal static class Scaling
{
    /// <summary>Adds or removes slots; gives those that stay and have tasks.</summary>
    internal static List<Slot> Apply(ServiceScope scope, ulong replicas)
    {
        var slots = scope.Slots.FindAll(s => !s.IsLeaving);
        if ((ulong)slots.Count > replicas)
        {
            var going = Order(slots).Skip((int)replicas).ToHashSet();
            foreach (var task in going.SelectMany(s => s.Tasks))
            {
                scope.Desire(task, TaskState.Remove);
            }

            return slots.FindAll(s => !going.Contains(s));
        }

        var taken = slots.Select(s => s.Key.Slot).ToHashSet();
        var leaving = scope.Slots.Where(s => s.IsLeaving).Select(s => s.Key.Slot).ToHashSet();
        var missing = replicas - (ulong)slots.Count;
        for (ulong number = 1; missing > 0 && scope.Actions.Count < Planner.MaxActions; number++)
        {
            if (taken.Contains(number))
            {
                continue;
            }

            // What is left of a slot that was scaled away has to stop first.
            var desired = leaving.Contains(number) ? TaskState.Ready : TaskState.Running;
            scope.Create(new SlotKey(scope.Service.Id, number, default), desired, null);
            missing--;
        }

        return slots;
    }

    /// <summary>
    /// Running slots before others, then the lower number; each gets its place among those of the same node. The
    /// first of every node come first, so nodes with most copies lose first.
    /// </summary>
    private static IEnumerable<Slot> Order(List<Slot> slots)
    {
        var perNode = new Dictionary<NodeId, int>();
        var placed = new List<(Slot Slot, int Copy)>(slots.Count);
        foreach (var slot in slots.OrderBy(s => s.IsRunning ? 0 : 1).ThenBy(s => s.Key.Slot))
        {
            var task = slot.Wanted.Count == 1 ? slot.Wanted[0] : null;
            if (task is null || task.NodeId.IsNone)
            {
                placed.Add((slot, int.MaxValue));
                continue;
            }

            var copy = perNode[task.NodeId] = perNode.GetValueOrDefault(task.NodeId) + 1;
            placed.Add((slot, copy));
        }

        // The sort is stable: within one copy number the order above remains.
        return placed.OrderBy(p => p.Copy).Select(p => p.Slot);
    }
}
