using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>
/// A node that reports less than is reserved on it, or other generic resources than its tasks hold, loses tasks, the
/// newest first (behaviour.md H).
/// </summary>
internal sealed class NodeEnforcer
{
    private readonly HashSet<NodeId> _changed = [];

    /// <summary>Only a change of the node itself can take something from its tasks.</summary>
    internal void Follow(StateDelta delta)
    {
        foreach (var (before, after) in delta.Nodes)
        {
            _changed.Add((after ?? before)!.Id);
        }
    }

    internal List<StoreAction> Evict(ClusterState state)
    {
        var actions = new List<StoreAction>();
        _changed.RemoveWhere(id =>
        {
            var before = actions.Count;
            Evict(state, id, actions);
            // Until it is seen to have happened it is said again.
            return actions.Count == before;
        });
        return actions;
    }

    private static void Evict(ClusterState state, NodeId id, List<StoreAction> actions)
    {
        var usage = state.UsageOf(id);
        if (state.Nodes.Get(id) is { IsSchedulable: true, Description.Resources: { } has } node
            && (usage.NanoCpus > has.NanoCpus || usage.MemoryBytes > has.MemoryBytes || !usage.Generic.IsEmpty))
        {
            actions.AddRange(EvictFrom(state, node, has));
        }
    }

    private static IEnumerable<StoreAction> EvictFrom(ClusterState state, NodeRecord node, Resources has)
    {
        var (cpus, memory, given) = (has.NanoCpus, has.MemoryBytes, GenericHoldings.None);
        foreach (var task in state.TasksOn(node.Id)
            .Where(t => t.IsLive && t.Status.State >= TaskState.Assigned)
            .OrderBy(t => t.CreatedAt).ThenBy(t => t.Id))
        {
            var wants = state.SpecOf(task).Task?.Reservations ?? new Resources();
            if ((wants.NanoCpus > 0 && wants.NanoCpus > cpus) || (wants.MemoryBytes > 0 && wants.MemoryBytes > memory)
                || !task.Generic.All(share => given.Fits(has, share)))
            {
                yield return new StoreAction.SetDesiredState(task.Id, 0, TaskState.Shutdown);
                continue;
            }

            cpus -= wants.NanoCpus;
            memory -= wants.MemoryBytes;
            given = task.Generic.Aggregate(given, (all, share) => all.With(share));
        }
    }
}
