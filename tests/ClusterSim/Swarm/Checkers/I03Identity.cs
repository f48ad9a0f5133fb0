using Swarm.Model;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>A task's service, slot, spec and node never change; ids are never used again (I4); a task that has a state
/// from Assigned on has a node (I5).</summary>
internal sealed class I03Identity(World world) : Checker(world, "I3")
{
    private readonly HashSet<TaskId> _seen = [];

    public override void OnCommitted(Committed entry)
    {
        foreach (var (before, after) in entry.Result.Changes.Tasks)
        {
            if (after is null)
                continue;
            if (before is null)
                Require(_seen.Add(after.Id), () => $"the id {after.Id} is used again");
            else
                Require(
                    (after.ServiceId, after.Slot, after.SpecVersion, after.CreatedAt)
                        == (before.ServiceId, before.Slot, before.SpecVersion, before.CreatedAt)
                        && (before.NodeId.IsNone || before.NodeId == after.NodeId),
                    () => $"task {after.Id} became another one");
            Require(
                after.Status.State < TaskState.Assigned || !after.NodeId.IsNone || after.Status.State.IsTerminal(),
                () => $"task {after.Id} is {after.Status.State} without a node");
        }
    }
}
