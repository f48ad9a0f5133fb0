using Swarm.Model;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// No container runs on a node in touch with the leader that no task wants (surplus of a node that returned, I12), and
/// no task is said to run without its container.
/// </summary>
internal sealed class I13Containers(World world) : Checker(world, "I13")
{
    private const long BoundUs = 8 * Timeline.UsPerSecond;

    public override void OnSecond()
    {
        if (World.CalmForUs < BoundUs)
            return;
        foreach (var worker in World.Workers.Values.Where(w => w.SteadyForUs > BoundUs))
        {
            foreach (var container in worker.Containers.Values.Where(c => c.IsRunning))
            {
                var task = World.State.Tasks.Get(container.Task);
                Require(
                    task is not null && (task.IsWanted || (World.Now - task.UpdatedAt).TotalMicroseconds < BoundUs),
                    () => $"{container.Task} runs on {worker.Id} and is desired {task?.DesiredState}");
            }
        }
    }

    public override void OnCalm()
    {
        foreach (var task in World.State.Tasks.Values.Where(t => t.Status.State == TaskState.Running
            && (World.Now - t.Status.AppliedAt).TotalSeconds > 2))
            Require(
                World.Workers.TryGetValue(task.NodeId, out var worker)
                    && worker.ContainerOf(task.Id) is { } container
                    && (container.IsRunning || container.ExitCode is not null),
                () => $"{task.Id} runs on {task.NodeId} without a container");
    }
}
