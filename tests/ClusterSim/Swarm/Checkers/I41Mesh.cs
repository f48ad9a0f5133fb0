using Swarm.Model;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>When a published task is stopped, no node that the leader hears sends it connections any more.</summary>
internal sealed class I41Mesh(World world) : Checker(world, "I41")
{
    private const long SteadyUs = 5 * Timeline.UsPerSecond;

    /// <summary>A node that does not answer may delay a stop for so long.</summary>
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(1.9);

    public override void OnEnded(SimWorker worker, SimContainer container, bool ordered)
    {
        if (!ordered || World.CalmForUs < SteadyUs || World.State.Tasks.Get(container.Task) is not { } task
            || World.Now - task.UpdatedAt > s_bound)
            return;
        foreach (var other in World.Workers.Values.Where(w => w.SteadyForUs > SteadyUs))
            Require(
                !other.Mesh.LeadsTo(task.ServiceId.Value, task.Id.Value),
                () => $"{task.Id} stops on {worker.Id}, and {other.Id} still sends connections to it");
    }
}
