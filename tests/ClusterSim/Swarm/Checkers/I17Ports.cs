using Swarm.Model;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>A host port is bound once on a node, a published port belongs to one service of the cluster.</summary>
internal sealed class I17Ports(World world) : Checker(world, "I17")
{
    public override void OnCommitted(Committed entry)
    {
        foreach (var task in entry.Result.Changes.Tasks)
        {
            if (task.After is not { HostPorts.IsEmpty: false, Status.State: TaskState.Assigned } placed)
                continue;
            var ports = entry.After.TasksOn(placed.NodeId)
                .Where(t => t.Status.State is >= TaskState.Assigned and <= TaskState.Running)
                .SelectMany(t => t.HostPorts).Select(PortKey.Of).ToList();
            Require(
                ports.Count == ports.Distinct().Count(),
                () => $"a host port of {placed.Id} is taken on {placed.NodeId}");
        }
        if (entry.Result.Changes.Services.Length == 0)
            return;
        var published = entry.After.Services.Values.Where(s => !s.Removing)
            .SelectMany(s => s.Ports.Where(p => p.IsIngress()).Select(PortKey.Of).Distinct()).ToList();
        Require(published.Count == published.Distinct().Count(), "two services publish one port");
    }
}
