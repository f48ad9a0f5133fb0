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
        foreach (var other in World.Workers.Values.Where(w => w.SteadyForUs > SteadyUs))
        {
            if (World.State.Nodes.Get(other.Id) is not { State: NodeStatus.Types.State.Ready })
                continue;
            foreach (var old in other.Containers.Values.Where(c => c.IsRunning && c.Task != container.Task))
                Require(
                    World.State.Tasks.Get(old.Task) is not { } known || known.Key != task.Key,
                    () => $"{container.Task} starts on {worker.Id} while {old.Task} of its slot runs on {other.Id}");
        }
    }
}
