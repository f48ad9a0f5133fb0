using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>What has to hold after each step of the small model, and where it can go no further.</summary>
internal static class ModelRules
{
    public static void Check(ClusterState before, ApplyResult result)
    {
        foreach (var (old, task) in result.Changes.Tasks)
        {
            if (task is null)
                continue;
            if (old is not null && (task.Status.State < old.Status.State || task.DesiredState < old.DesiredState))
                throw new ViolationException("I2", $"task {task.Id} went back");
            if (task.Status.State == TaskState.Assigned && old?.Status.State != TaskState.Assigned
                && before.Nodes.Get(task.NodeId) is null)
                throw new ViolationException("I5", $"task {task.Id} has no node");
            CheckSlot(result.State, task.Key);
        }
    }

    private static void CheckSlot(ClusterState state, SlotKey key)
    {
        var wanted = 0;
        foreach (var id in state.SlotsOf(key.ServiceId)[key])
            wanted += state.Tasks[id] is { IsLive: true, DesiredState: TaskState.Running } ? 1 : 0;
        if (wanted > 1 && (wanted > 2 || !Policies.MayStartFirst(state.Services[key.ServiceId])))
            throw new ViolationException("I6", $"{wanted} tasks of slot {key} are to run");
    }

    /// <summary>A container starts where none of its slot runs that its task had to wait for.</summary>
    public static void CheckStart(ModelState state, TaskRecord task)
    {
        if (Policies.MayStartFirst(state.Cluster.Services[task.ServiceId]))
            return;
        foreach (var other in state.Containers)
        {
            if (other.Piece == Piece.Running && state.Cluster.Tasks.Get(other.Task) is { } old && old.Key == task.Key)
                throw new ViolationException(
                    "I7", $"{task.Id} starts while {other.Task} of its slot runs on {other.Node}");
        }
    }

    /// <summary>
    /// A node is avoided after some failures within minutes: that is beyond this model, which says nothing about how
    /// many there were before.
    /// </summary>
    public static void CheckBounds(ModelState state)
    {
        foreach (var service in SmallModelCommand.Services)
        {
            foreach (var node in SmallModelCommand.Nodes)
            {
                var failed = state.Cluster.TasksOn(node).Count(
                    t => t.ServiceId == service && t.Status.State is TaskState.Failed or TaskState.Rejected);
                Invariant.Check(failed < PlacementRound.FaultyAfterFailures);
            }
        }
    }

    /// <summary>Nothing more happens by itself: it must be what the specs say.</summary>
    public static void AtRest(ModelState state)
    {
        CheckBounds(state);
        foreach (var service in state.Cluster.Services.Values)
        {
            if (service.Update is { IsRunning: true })
                throw new ViolationException("L1", $"the update of {service.Id} does not end");
            var running = state.Cluster.TasksOf(service.Id).Count(t => t.IsLive && t.Status.State == TaskState.Running
                && (t.SpecVersion == service.SpecVersion || service.Update is { IsPaused: true }));
            if ((ulong)running != service.Spec.Replicas())
                throw new ViolationException("L1", $"{running} of {service.Spec.Replicas()} of {service.Id} run");
        }
        foreach (var container in state.Containers)
        {
            if (container.Runs && state.Cluster.Tasks.Get(container.Task) is not { IsLive: true })
                throw new ViolationException("I13", $"{container.Task} runs and nobody wants it");
        }
    }
}
