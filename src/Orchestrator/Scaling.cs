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
        Fill(scope, (replicas - (ulong)slots.Count, 1), taken.Contains, leaving);
        return slots;
    }

    /// <summary>Makes slots of the lowest numbers that are free.</summary>
    /// <param name="scope">Where.</param>
    /// <param name="missing">How many, and a number below which only those that are leaving are free.</param>
    /// <param name="isTaken">A slot with this number has tasks; those that are leaving may be among them.</param>
    /// <param name="leaving">Slots that were scaled away: what is left of them has to stop first.</param>
    internal static void Fill(
        ServiceScope scope, (ulong Count, ulong First) missing, Func<ulong, bool> isTaken, HashSet<ulong> leaving)
    {
        var again = new Queue<ulong>(leaving.Where(n => n < missing.First).Order());
        var next = missing.First;
        for (var left = missing.Count; left > 0 && !scope.IsFull; left--)
        {
            if (!again.TryDequeue(out var number))
            {
                for (number = next; isTaken(number) && !leaving.Contains(number); number++)
                {
                }

                next = number + 1;
            }

            var desired = leaving.Contains(number) ? TaskState.Ready : TaskState.Running;
            scope.Create(new SlotKey(scope.Service.Id, number, default), desired, null);
        }
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
