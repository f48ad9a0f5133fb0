using Swarm.Model;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// A task that waits says why, and waits only while no node could take it (I22). What has just ended somewhere may not
/// have been planned on yet.
/// </summary>
internal sealed class I21Pending(World world) : Checker(world, "I21")
{
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(1);

    public override void OnCalm()
    {
        foreach (var task in World.State.Tasks.Values.Where(t => t.IsLive && t.Status.State < TaskState.Assigned
            && (World.Now - t.CreatedAt).TotalSeconds > 2))
        {
            Require(task.Status.Error.Length > 0, () => $"task {task.Id} waits and does not say why");
            var nodes = World.State.Nodes.Values.Where(n => task.NodeId.IsNone || task.NodeId == n.Id);
            var free = nodes.FirstOrDefault(n => Fit.HasRoom(World.State, task, n) && !HasJustChanged(n));
            Require(free is null, () => $"task {task.Id} waits ({task.Status.Error}), and {free!.Id} has room");
        }
    }

    private bool HasJustChanged(NodeRecord node) => World.State.TasksOn(node.Id)
        .Any(t => t.Status.State.IsTerminal() && World.Now - t.Status.AppliedAt < s_bound);
}
