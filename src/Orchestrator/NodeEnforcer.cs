using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>A node that reports less than is reserved on it loses tasks, the newest first (behaviour.md H).</summary>
internal static class NodeEnforcer
{
    internal static IEnumerable<StoreAction> Evict(ClusterState state)
    {
        foreach (var node in state.Nodes.Values)
        {
            var usage = state.UsageOf(node.Id);
            if (node.IsSchedulable && node.Description?.Resources is { } has
                && (usage.NanoCpus > has.NanoCpus || usage.MemoryBytes > has.MemoryBytes))
            {
                foreach (var action in EvictFrom(state, node, has))
                {
                    yield return action;
                }
            }
        }
    }

    private static IEnumerable<StoreAction> EvictFrom(ClusterState state, NodeRecord node, Resources has)
    {
        var (cpus, memory) = (has.NanoCpus, has.MemoryBytes);
        foreach (var task in state.TasksOn(node.Id)
            .Where(t => t.IsLive && t.Status.State >= TaskState.Assigned)
            .OrderBy(t => t.CreatedAt).ThenBy(t => t.Id))
        {
            var wants = state.SpecOf(task).Task?.Reservations ?? new Resources();
            if ((wants.NanoCpus > 0 && wants.NanoCpus > cpus) || (wants.MemoryBytes > 0 && wants.MemoryBytes > memory))
            {
                yield return new StoreAction.SetDesiredState(task.Id, 0, TaskState.Shutdown);
                continue;
            }

            cpus -= wants.NanoCpus;
            memory -= wants.MemoryBytes;
        }
    }
}
