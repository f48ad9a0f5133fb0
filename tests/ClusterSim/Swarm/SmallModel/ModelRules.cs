using Swarm.Model;
using Swarm.Protocol.V1;
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
        }
        foreach (var key in result.Changes.Tasks.Select(t => (t.After ?? t.Before)!.Key).Distinct())
        {
            var wanted = result.State.TasksIn(key).Count(t => t.IsLive && t.DesiredState == TaskState.Running);
            var most = result.State.Services.Get(key.ServiceId) is { } s && Policies.MayStartFirst(s) ? 2 : 1;
            if (wanted > most)
                throw new ViolationException("I6", $"{wanted} tasks of slot {key} are to run");
        }
    }

    /// <summary>Nothing more happens by itself: it must be what the specs say.</summary>
    public static void AtRest(ModelState state)
    {
        foreach (var service in state.Cluster.Services.Values)
        {
            if (service.Update is { IsRunning: true })
                throw new ViolationException("L1", $"the update of {service.Id} does not end");
            var running = state.Cluster.TasksOf(service.Id).Count(t => t.IsLive && t.Status.State == TaskState.Running
                && (t.SpecVersion == service.SpecVersion || service.Update is { IsPaused: true }));
            if ((ulong)running != service.Spec.Replicas())
                throw new ViolationException("L1", $"{running} of {service.Spec.Replicas()} of {service.Id} run");
        }
        var strays = state.Containers.Where(c => c.Value.Piece is Piece.Running or Piece.Overtaken
            && state.Cluster.Tasks.Get(c.Key) is not { IsLive: true }).ToList();
        if (strays.Count > 0)
            throw new ViolationException("I13", $"{strays[0].Key} runs and nobody wants it");
    }
}
