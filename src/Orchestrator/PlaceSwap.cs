using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>
/// Which task of a group gets which of the places that were found. They are alike, so any may have any: where all have
/// one, tasks and nodes are paired in the order in which the store has them. What is near each other in a plan is then
/// near each other in the memory of whoever applies it. Where some have none, the lowest slots come first. Tasks with a
/// node of their own keep it.
/// </summary>
internal static class PlaceSwap
{
    /// <summary>Adds the assignments; gives who got a place and who did not.</summary>
    internal static GroupResult Of(PlacementGroup group, GroupResult found, List<StoreAction> steps)
    {
        var places = found.Placements;
        if (group.Tasks.Any(static t => !t.NodeId.IsNone))
        {
            for (var i = 0; i < places.Length; i++)
            {
                steps.Add(Assignment(places[i].Task, places[i]));
            }

            return found;
        }

        var tasks = group.Tasks;
        if (!found.Unplaced.IsEmpty)
        {
            tasks = [.. tasks.OrderBy(t => t.Slot)];
            found = found with { Unplaced = [.. tasks.Skip(places.Length)] };
        }

        var next = 0;
        foreach (var at in InOrderOfNodes(places))
        {
            steps.Add(Assignment(tasks[next++].Id, places[(int)(uint)at]));
        }

        return found;
    }

    /// <summary>The place of each node in the order of the store, and behind it the index of its placement.</summary>
    private static ulong[] InOrderOfNodes(ImmutableArray<Placement> places)
    {
        var order = new ulong[places.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = ((ulong)StableHash.Place(places[i].Node.Value) << 32) | (uint)i;
        }

        Array.Sort(order);
        return order;
    }

    private static StoreAction.AssignTask Assignment(TaskId task, Placement place) =>
        new(task, 0, place.Node, place.HostPorts) { Generic = place.Generic };
}
