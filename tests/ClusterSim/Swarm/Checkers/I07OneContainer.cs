using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// A container starts only after that of its slot's old task has really ended on every node that can be reached, except
/// where the service is replaced start-first; and no task that is known to have started is started again.
/// </summary>
internal sealed class I07OneContainer(World world) : Checker(world, "I7")
{
    private const long SteadyUs = 10 * Timeline.UsPerSecond;
    private readonly HashSet<TaskId> _started = [];

    /// <summary>A host that loses its power may take a container with it of which nobody was told.</summary>
    public override void OnPowerCut(SimWorker worker)
    {
        foreach (var task in worker.Containers.Keys)
        {
            if (World.State.Tasks.Get(task) is { Status.State: < TaskState.Starting })
                _started.Remove(task);
        }
    }

    public override void OnStarted(SimWorker worker, SimContainer container)
    {
        Require(_started.Add(container.Task), () => $"task {container.Task} is started twice");
        if (World.State.Tasks.Get(container.Task) is not { } task
            || World.State.Services.Get(task.ServiceId) is not { } service || Policies.MayStartFirst(service))
            return;
        foreach (var old in World.State.TasksIn(task.Key).Where(t => t.Id != task.Id))
        {
            var isReachable = World.Workers.TryGetValue(old.NodeId, out var other) && other.SteadyForUs > SteadyUs
                && World.State.Nodes.Get(old.NodeId) is { State: NodeStatus.Types.State.Ready };
            Require(
                !isReachable || other!.ContainerOf(old.Id) is not { IsRunning: true },
                () => $"{container.Task} starts on {worker.Id} while {old.Id} of its slot runs on {old.NodeId}");
        }
    }
}
