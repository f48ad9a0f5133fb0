using Swarm.Model;
using Swarm.Runtime.Containers;
using Swarm.Worker.Core;

namespace Swarm.Worker;

/// <summary>The health watches of this node: one for each running container that is checked.</summary>
internal sealed class HealthBook(ContainerRuntime containers, Func<string, string> directoryOf, TimeProvider clock)
{
    private readonly Dictionary<TaskId, HealthWatch> _watches = [];
    private readonly Lock _gate = new();

    /// <summary>A container is going to be made; a plan of null: it is not checked.</summary>
    internal void Prepare(TaskId task, HealthPlan? plan)
    {
        var directory = directoryOf(task.Value);
        if (plan is null)
        {
            HealthFile.Delete(directory);
        }
        else
        {
            new HealthFile(plan, default).Save(directory);
        }
    }

    /// <summary>It is checked, and no check has succeeded yet.</summary>
    internal bool IsAwaited(TaskId task) =>
        HealthFile.Load(directoryOf(task.Value)) is { State.Status: HealthStatus.Starting };

    /// <summary>The watch of a running container; null when it is not checked. It begins, or goes on after a restart of
    /// the daemon, with the first call.</summary>
    internal HealthWatch? Of(TaskId task)
    {
        lock (_gate)
        {
            if (_watches.TryGetValue(task, out var known))
            {
                return known;
            }

            var directory = directoryOf(task.Value);
            if (containers.Find(task.Value) is not { Phase: ContainerPhase.Running, StartedAt: { } startedAt }
                || HealthFile.Load(directory) is not { } file)
            {
                return null;
            }

            return _watches[task] = new HealthWatch(
                new HealthTarget(containers, task.Value, directory, startedAt, clock), file);
        }
    }

    /// <summary>No more checks; one that is under way is killed.</summary>
    internal async Task StopAsync(TaskId task)
    {
        HealthWatch? watch;
        lock (_gate)
        {
            _watches.Remove(task, out watch);
        }

        if (watch is not null)
        {
            await watch.DisposeAsync().ConfigureAwait(false);
        }
    }
}
