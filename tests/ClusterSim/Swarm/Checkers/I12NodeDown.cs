using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// A node is down a grace period after it fell silent: never before, and soon after; then its tasks are wanted no more.
/// </summary>
internal sealed class I12NodeDown(World world) : Checker(world, "I12")
{
    private const long GraceUs = 3 * Timeline.UsPerSecond;
    private const long LateUs = 7 * Timeline.UsPerSecond;
    private const long ReplacedUs = 2 * Timeline.UsPerSecond;

    public override void OnCommitted(Committed entry)
    {
        foreach (var (before, after) in entry.Result.Changes.Nodes)
        {
            if (after?.State != NodeStatus.Types.State.Down || before?.State == NodeStatus.Types.State.Down
                || !World.Workers.TryGetValue(after.Id, out var worker))
                continue;
            Require(
                worker.Heard.LongestRecentSilenceUs >= GraceUs,
                () => $"{after.Id} is down after {worker.Heard.LongestRecentSilenceUs / Timeline.UsPerMs} ms of "
                    + "silence");
        }
    }

    public override void OnSecond()
    {
        if (World.CalmForUs > 2 * ReplacedUs)
            TasksHaveLeft();
        if (World.CalmForUs < (2 * GraceUs) + LateUs)
            return;
        foreach (var worker in World.Workers.Values.Where(
            w => Math.Min(w.SilentForUs, w.Heard.SilentForUs) > GraceUs + LateUs))
            Require(
                World.State.Nodes.Get(worker.Id) is not { State: NodeStatus.Types.State.Ready },
                () => $"{worker.Id} has been silent for {worker.SilentForUs / Timeline.UsPerMs} ms and is not down");
    }

    private void TasksHaveLeft()
    {
        foreach (var node in World.State.Nodes.Values.Where(n => n.State == NodeStatus.Types.State.Down
            && (World.Now - n.StateChangedAt).TotalMicroseconds > ReplacedUs))
        {
            var left = World.State.TasksOn(node.Id).FirstOrDefault(t => t.IsWanted && !t.Status.State.IsTerminal());
            Require(
                left is null,
                () => $"{node.Id} is down since {node.StateChangedAt:mm:ss.fff}, and {left!.Id} of {left.ServiceId} "
                    + "is still wanted there");
        }
    }
}
