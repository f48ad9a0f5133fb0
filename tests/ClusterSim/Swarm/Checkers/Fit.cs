using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>Whether a node may take a task, thought out a second time for the few kinds of specs made here.</summary>
internal static class Fit
{
    public static bool Admits(ServiceSpec spec, NodeRecord node)
    {
        foreach (var constraint in spec.Task.Placement?.Constraints ?? [])
        {
            var equal = constraint.Contains("==", StringComparison.Ordinal);
            var parts = constraint.Split(equal ? "==" : "!=");
            var value = node.Spec.Labels.GetValueOrDefault(parts[0]["node.labels.".Length..], "");
            if (value == parts[1] != equal)
                return false;
        }
        var platforms = spec.Task.Placement?.Platforms;
        return platforms is null or { Count: 0 }
            || platforms.Any(p => p.Architecture == node.Description?.Platform.Architecture);
    }

    /// <summary>It could run one more task of the service now.</summary>
    public static bool HasRoom(ClusterState state, TaskRecord task, NodeRecord node)
    {
        var spec = state.SpecOf(task);
        if (!node.IsSchedulable || !Admits(spec, node))
            return false;
        var there = state.TasksOn(node.Id).Where(t => t.Id != task.Id).ToList();
        var holding = there.FindAll(t => t.Status.State is >= TaskState.Assigned and <= TaskState.Running);
        var asks = spec.Task.Reservations ?? new Resources();
        var most = spec.Task.Placement?.MaxReplicasPerNode ?? 0;
        return (asks.NanoCpus == 0
                || asks.NanoCpus + holding.Sum(t => state.SpecOf(t).Task.Reservations?.NanoCpus ?? 0)
                    <= (node.Description?.Resources?.NanoCpus ?? 0))
            && (asks.MemoryBytes == 0
                || asks.MemoryBytes + holding.Sum(t => state.SpecOf(t).Task.Reservations?.MemoryBytes ?? 0)
                    <= (node.Description?.Resources?.MemoryBytes ?? 0))
            && (most == 0 || (ulong)there.Count(t => t.IsLive && t.ServiceId == task.ServiceId) < most)
            && !(spec.Endpoint?.Ports ?? []).Any(p => !p.IsIngress() && p.PublishedPort != 0
                && holding.Any(t => t.HostPorts.Any(h => PortKey.Of(h) == PortKey.Of(p))));
    }
}
