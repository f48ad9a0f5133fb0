using Swarm.Model;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>No more replicas of a service on a node than its spec says, counted when one is placed.</summary>
internal sealed class I19MaxReplicas(World world) : Checker(world, "I19")
{
    public override void OnCommitted(Committed entry)
    {
        foreach (var (before, after) in entry.Result.Changes.Tasks)
        {
            if (after is not { Status.State: TaskState.Assigned } || before is { Status.State: TaskState.Assigned })
                continue;
            var most = entry.After.SpecOf(after).Task.Placement?.MaxReplicasPerNode ?? 0;
            var there = entry.After.TasksOn(after.NodeId).Count(t => t.IsLive && t.ServiceId == after.ServiceId);
            if (most > 0)
                Require((ulong)there <= most, () => $"{there} of {after.ServiceId} on {after.NodeId}, {most} at most");
        }
    }
}
