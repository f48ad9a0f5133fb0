using Swarm.Model;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>What is reserved on a node at an assignment fits it, added up from the tasks themselves.</summary>
internal sealed class I16Reservations(World world) : Checker(world, "I16")
{
    public override void OnCommitted(Committed entry)
    {
        var placed = entry.Result.Changes.Tasks
            .Where(t => t.After is { Status.State: TaskState.Assigned } && t.Before?.Status.State != TaskState.Assigned)
            .ToDictionary(t => t.After!.Id, t => t.After!.NodeId);
        foreach (var id in placed.Values.Distinct())
        {
            var (cpus, memory, newCpus, newMemory) = (0L, 0L, 0L, 0L);
            foreach (var task in entry.After.TasksOn(id)
                .Where(t => t.Status.State is >= TaskState.Assigned and <= TaskState.Running))
            {
                var asks = entry.After.SpecOf(task).Task.Reservations;
                cpus += asks?.NanoCpus ?? 0;
                memory += asks?.MemoryBytes ?? 0;
                if (!placed.ContainsKey(task.Id))
                    continue;
                newCpus += asks?.NanoCpus ?? 0;
                newMemory += asks?.MemoryBytes ?? 0;
            }
            var has = entry.After.Nodes[id].Description?.Resources;
            // A node that shrank may hold more than it has; what asks for nothing may still come to it.
            Require(
                newCpus == 0 || cpus <= (has?.NanoCpus ?? 0),
                () => $"{cpus} nano CPUs are reserved on {id}, it has {has?.NanoCpus}");
            Require(
                newMemory == 0 || memory <= (has?.MemoryBytes ?? 0),
                () => $"{memory} bytes are reserved on {id}, it has {has?.MemoryBytes}");
        }
    }

    /// <summary>What a node that shrank cannot hold has left it.</summary>
    public override void OnCalm()
    {
        foreach (var node in World.State.Nodes.Values.Where(n => n.IsSchedulable))
        {
            var held = World.State.TasksOn(node.Id)
                .Where(t => t.Status.State is >= TaskState.Assigned and <= TaskState.Running)
                .Select(t => World.State.SpecOf(t).Task.Reservations).ToList();
            var has = node.Description?.Resources;
            Require(
                held.Sum(r => r?.NanoCpus ?? 0) <= (has?.NanoCpus ?? 0)
                    && held.Sum(r => r?.MemoryBytes ?? 0) <= (has?.MemoryBytes ?? 0),
                () => $"more is reserved on {node.Id} than it has");
        }
    }
}
