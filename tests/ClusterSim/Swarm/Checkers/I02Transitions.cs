using Swarm.Model;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>States only go forward, each is written by who may write it, and Remove is never observed.</summary>
internal sealed class I02Transitions(World world) : Checker(world, "I2")
{
    public override void OnCommitted(Committed entry)
    {
        foreach (var (before, after) in entry.Result.Changes.Tasks)
        {
            if (after is null)
                continue;
            var old = before?.Status.State ?? TaskState.New;
            Require(after.Status.State != TaskState.Remove, () => $"task {after.Id} is observed Remove");
            Require(after.Status.State >= old, () => $"task {after.Id} went from {old} to {after.Status.State}");
            Require(
                !old.IsTerminal() || after.Status.State == old,
                () => $"task {after.Id} left {old} for {after.Status.State}");
            if (before is null)
                continue;
            Require(
                after.DesiredState >= before.DesiredState,
                () => $"task {after.Id} is desired {after.DesiredState} after {before.DesiredState}");
            Require(
                after.DesiredState == before.DesiredState || entry.Origin != Origin.Dispatcher,
                () => $"a report changed what is desired of task {after.Id}");
            Require(
                after.Status.State == old || after.Status.State is TaskState.Assigned or TaskState.Orphaned
                    || entry.Origin == Origin.Dispatcher,
                () => $"{entry.Origin} wrote state {after.Status.State} of task {after.Id}");
        }
    }
}
