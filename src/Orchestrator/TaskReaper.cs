using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>Deletes what nobody needs, gives up on what nobody will hear of again (behaviour.md T).</summary>
internal static class TaskReaper
{
    /// <summary>A node that was down for so long is not expected back, in hours.</summary>
    internal const int OrphanHours = 24;

    internal static void Reap(ServiceScope scope, List<Slot> slots)
    {
        foreach (var slot in slots.TakeWhile(_ => !scope.IsFull))
        {
            var left = new List<TaskRecord>(slot.Tasks.Count);
            foreach (var task in slot.Tasks)
            {
                GiveUp(scope, task);
                if (IsGone(scope, task))
                {
                    scope.Actions.Add(new StoreAction.DeleteTask(task.Id));
                }
                else
                {
                    left.Add(task);
                }
            }

            Forget(scope, left);
        }
    }

    /// <summary>Its service is being removed, and there is nothing of it left to stop: it waits for nothing.</summary>
    internal static bool GoesWithService(ServiceScope scope, TaskRecord task) =>
        task.Status.State < TaskState.Assigned ? !Planted.Has(PlantedBug.RemovedKept) : IsGone(scope, task);

    /// <summary>It was to be removed or had no node, and nothing of it can be running where we could stop it.</summary>
    private static bool IsGone(ServiceScope scope, TaskRecord task)
    {
        if (task.IsWanted || Planted.Has(PlantedBug.RemovedKept))
        {
            return false;
        }

        if (task.Status.State < TaskState.Assigned)
        {
            return true;
        }

        var node = scope.NodeOf(task);
        if (task.Status.State.IsTerminal())
        {
            return task.DesiredState == TaskState.Remove || (task.Slot == 0 && node is null);
        }

        // Whatever still runs on a node that is down goes when it returns: it is not among its assignments then.
        return task.DesiredState == TaskState.Remove && node is null or { State: NodeStatus.Types.State.Down };
    }

    private static void Forget(ServiceScope scope, List<TaskRecord> tasks)
    {
        var limit = scope.HistoryLimit;
        if (limit < 0 || tasks.Count <= limit || Planted.Has(PlantedBug.HistoryUnbounded))
        {
            return;
        }

        var surplus = tasks.Count - limit;
        var spare = Spare(scope, tasks);
        var wanted = tasks.Exists(t => t.IsWanted);
        foreach (var task in tasks)
        {
            // The last word on a slot that is done says that it is done: without it the slot would start again.
            if (surplus == 0 || (!wanted && task == tasks[^1]))
            {
                return;
            }

            var counts = task.SpecVersion == scope.Service.SpecVersion;
            if (!task.IsWanted && task.Status.State.IsTerminal() && (!counts || spare > 0))
            {
                scope.Actions.Add(new StoreAction.DeleteTask(task.Id));
                surplus--;
                spare -= counts ? 1 : 0;
            }
        }
    }

    /// <summary>
    /// How many tasks of the spec in force are not needed to count restart attempts: others that cannot go yet
    /// must not take their places.
    /// </summary>
    private static int Spare(ServiceScope scope, List<TaskRecord> tasks)
    {
        var attempts = scope.Service.Spec.Task?.Restart?.MaxAttempts ?? 0;
        return attempts == 0 || Planted.Has(PlantedBug.RestartHistoryLost)
            ? int.MaxValue
            : tasks.Count(t => t.SpecVersion == scope.Service.SpecVersion) - (int)Kept(attempts);
    }

    private static ulong Kept(ulong attempts) => Math.Min(attempts, 10_000) + 1;

    /// <summary>Tasks kept for each slot; negative keeps all.</summary>
    internal static int Limit(ServiceScope scope)
    {
        var limit = scope.State.Cluster?.Spec.TaskHistoryLimitOrDefault() ?? SpecDefaults.TaskHistoryLimit;
        if (limit >= 0 && scope.Service.Update is { IsRunning: true })
        {
            // What an update took away is told by the task before the one that it made.
            limit = Math.Max(limit, 2);
        }

        var attempts = scope.Service.Spec.Task?.Restart?.MaxAttempts ?? 0;
        return limit < 0 || attempts == 0 || Planted.Has(PlantedBug.RestartHistoryLost)
            ? limit
            : (int)Math.Max((ulong)limit, Kept(attempts));
    }

    private static void GiveUp(ServiceScope scope, TaskRecord task)
    {
        if (task.Status.State is < TaskState.Assigned or > TaskState.Running
            || scope.NodeOf(task) is not { State: NodeStatus.Types.State.Down } node)
        {
            return;
        }

        var bound = node.StateChangedAt.AddHours(OrphanHours);
        if (bound > scope.Now)
        {
            scope.Wake(bound);
            return;
        }

        scope.Actions.Add(new StoreAction.ReportTaskStatus(task.Id, new TaskStatusRecord
        {
            State = TaskState.Orphaned,
            At = scope.Now,
            Message = $"its node has been down for {OrphanHours} hours",
        }));
    }
}
