using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>
/// New tasks that are made one after the other, in the order in which the store will have them. Their ids are random:
/// as they come each lies elsewhere, and an entry of a thousand would change nearly all of the store's map, piece by
/// piece of the plan again. In order each piece changes its own part.
/// </summary>
internal static class CreationOrder
{
    /// <summary>Orders each row of creations; whatever stands between two of them stays where it is.</summary>
    internal static void Sort(List<StoreAction> actions)
    {
        for (var start = 0; start < actions.Count; start++)
        {
            var end = start;
            while (end < actions.Count && actions[end] is StoreAction.CreateTask)
            {
                end++;
            }

            if (end - start > 1)
            {
                Sort(actions, start, end - start);
            }

            start = end;
        }
    }

    private static void Sort(List<StoreAction> actions, int start, int count)
    {
        var order = new ulong[count];
        for (var i = 0; i < count; i++)
        {
            var place = StableHash.Place(((StoreAction.CreateTask)actions[start + i]).Task.Id.Value);
            order[i] = ((ulong)place << 32) | (uint)i;
        }

        Array.Sort(order);
        var row = actions.GetRange(start, count);
        for (var i = 0; i < count; i++)
        {
            actions[start + i] = row[(int)(uint)order[i]];
        }
    }
}
