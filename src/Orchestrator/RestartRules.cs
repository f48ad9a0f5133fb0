using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Scheduler;

namespace Swarm.Orchestrator;

/// <summary>
/// Whether and when an ended task gets a successor. The history is the slot's stored tasks, so it survives any
/// change of leader (behaviour.md D).
/// </summary>
internal static class RestartRules
{
    /// <summary>How long a successor waits for its predecessor after the grace period, in seconds.</summary>
    internal const int StopWaitSeconds = 60;

    /// <summary>The policy allows a successor.</summary>
    internal static bool Allows(ServiceScope scope, Slot slot, TaskRecord task)
    {
        var spec = scope.Service.Spec.Task ?? new TaskSpec();
        switch (spec.RestartConditionOrDefault())
        {
            case RestartPolicy.Types.Condition.None:
                return scope.Service.IsGlobal && !EndedByItself(task);
            case RestartPolicy.Types.Condition.OnFailure when task.Status.State == TaskState.Complete
                && !Planted.Has(PlantedBug.SuccessRestarted):
                return false;
        }

        var max = spec.Restart?.MaxAttempts ?? 0;
        if (max == 0 || Planted.Has(PlantedBug.AttemptsIgnored) || task.SpecVersion != scope.Service.SpecVersion)
        {
            return true;
        }

        var window = SpecDefaults.FromNs(spec.Restart!.WindowNs);
        var ended = task.Status.State.IsTerminal() ? task.Status.AppliedAt : scope.Now;
        var restarts = slot.Tasks
            .Where(t => t.SpecVersion == task.SpecVersion)
            .Skip(1).ToList()
            .FindAll(t => t.CreatedAt <= task.CreatedAt && (window == TimeSpan.Zero || t.CreatedAt > ended - window));
        if ((ulong)restarts.Count < max)
        {
            return true;
        }

        if (window > TimeSpan.Zero && !task.Status.State.IsTerminal())
        {
            // It has not ended, only its node is lost: time moves the window on.
            scope.Wake(restarts[0].CreatedAt + window);
        }

        return false;
    }

    /// <summary>
    /// When the successor may start: a delay after the end of a task that ended by itself, at once when it lost its
    /// node or was moved, but not before it was due itself. A task that failed before its own start was
    /// due counts from that moment.
    /// </summary>
    internal static DateTimeOffset? StartOf(ServiceScope scope, TaskRecord task)
    {
        if (Planted.Has(PlantedBug.RestartDelayIgnored))
        {
            return null;
        }

        if (!EndedByItself(task))
        {
            // What it had to wait for itself, its successor waits for as well.
            return task.StartNotBefore > scope.Now ? task.StartNotBefore : null;
        }

        var delay = (scope.Service.Spec.Task ?? new TaskSpec()).RestartDelayOrDefault();
        var ended = task.StartNotBefore is { } due && due > task.Status.AppliedAt ? due : task.Status.AppliedAt;
        var start = ended + delay;
        return start > scope.Now ? start : null;
    }

    /// <summary>Whether it gets a successor can depend on how it ends.</summary>
    internal static bool EndMatters(ServiceScope scope) =>
        (scope.Service.Spec.Task ?? new TaskSpec()).RestartConditionOrDefault()
            != RestartPolicy.Types.Condition.Any || scope.Service.IsJob;

    /// <summary>Nobody told it to.</summary>
    internal static bool EndedByItself(TaskRecord task) =>
        task.Status.State is TaskState.Complete or TaskState.Failed or TaskState.Rejected;

    /// <summary>It may still run on a node that we hear of.</summary>
    internal static bool IsStopping(ServiceScope scope, TaskRecord task) =>
        !task.IsWanted
        && task.Status.State is >= TaskState.Assigned and <= TaskState.Running
        && scope.NodeOf(task) is { State: not NodeStatus.Types.State.Down }
        && !Planted.Has(PlantedBug.StopNotAwaited);

    /// <summary>After this nobody waits for it any longer.</summary>
    internal static DateTimeOffset StopBound(ServiceScope scope, TaskRecord task)
    {
        var grace = scope.Service.KeptSpecs[task.SpecVersion].Task?.Container?.StopGraceOrDefault()
            ?? SpecDefaults.StopGracePeriod;
        return task.UpdatedAt + grace + TimeSpan.FromSeconds(StopWaitSeconds);
    }
}
