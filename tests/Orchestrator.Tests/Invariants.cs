using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.Orchestrator.Tests;

/// <summary>What has to hold after every single entry (invariants.md; the numbers are those of its list).</summary>
internal static class Invariants
{
    internal static void Check(ClusterState before, ClusterState after)
    {
        foreach (var task in after.Tasks.Values)
        {
            Assert.True(after.Services.ContainsKey(task.ServiceId), "I1: a task without a service");
            Assert.True(task.Status.State < TaskState.Assigned || !task.NodeId.IsNone, "I5: assigned without a node");
            if (before.Tasks.Get(task.Id) is { } old && !ReferenceEquals(old, task))
            {
                Assert.True(task.Status.State >= old.Status.State, "I2: the rank fell");
                Assert.True(task.DesiredState >= old.DesiredState, "I2: the desired state fell");
                Assert.True(
                    (task.ServiceId, task.Slot, task.SpecVersion) == (old.ServiceId, old.Slot, old.SpecVersion)
                    && (old.NodeId.IsNone || old.NodeId == task.NodeId), "I3: the identity changed");
            }
        }

        foreach (var service in after.Services.Values)
        {
            foreach (var (key, ids) in after.SlotsOf(service.Id))
            {
                Slot(service, key, [.. ids.Select(id => after.Tasks[id])]);
            }
        }

        foreach (var node in after.Nodes.Values)
        {
            Node(before, after, node);
        }
    }

    private static void Slot(ServiceRecord service, SlotKey key, List<TaskRecord> tasks)
    {
        var startFirst = service.Spec.Update.IsStartFirst() || service.Spec.Rollback.IsStartFirst()
            || (service.PreviousSpec?.Update).IsStartFirst();
        var wanted = tasks.Count(t => t.IsLive && t.DesiredState == TaskState.Running);
        Assert.True(wanted <= (startFirst ? 2 : 1), $"I6: {wanted} tasks of slot {key} are wanted to run");
    }

    private static void Node(ClusterState before, ClusterState state, NodeRecord node)
    {
        var holding = state.TasksOn(node.Id)
            .Where(t => t.Status.State is >= TaskState.Assigned and <= TaskState.Running).ToList();
        var usage = state.UsageOf(node.Id);
        Assert.Equal(holding.Sum(t => state.SpecOf(t).Task.Reservations?.MemoryBytes ?? 0), usage.MemoryBytes);
        Assert.Equal(state.TasksOn(node.Id).Count(t => t.IsLive), usage.ActiveTasks);
        Assert.True(usage.MemoryBytes <= (node.Description?.Resources?.MemoryBytes ?? 0), "I16: over-committed");
        var ports = holding.SelectMany(t => t.HostPorts).Select(PortKey.Of).ToList();
        Assert.Equal(ports.Count, ports.Distinct().Count());
        foreach (var task in holding.Where(
            t => before.Tasks.Get(t.Id) is null or { Status.State: < TaskState.Assigned }))
        {
            Assert.True(node.IsSchedulable, "I15: assigned to a node that takes none");
            Assert.True(PlacementRules.Of(state.SpecOf(task)).Admits(node), "I15: against its constraints");
        }

        foreach (var group in state.TasksOn(node.Id).Where(t => t.IsLive).GroupBy(t => t.ServiceId))
        {
            var max = state.Services[group.Key].Spec.Task.Placement?.MaxReplicasPerNode ?? 0;
            Assert.True(max == 0 || (ulong)group.Count() <= max, "I19: more replicas than allowed on a node");
        }
    }
}
