using Swarm.Model;

namespace Swarm.Store;

/// <summary>What may happen to a task: its ranks never fall and its identity never changes (behaviour.md B).</summary>
internal static class TaskRules
{
    internal static ActionOutcome Create(StateDraft draft, StoreAction.CreateTask action)
    {
        var task = action.Task;
        if (draft.Task(task.Id) is not null)
        {
            return ActionOutcome.Refused(RefusalKind.AlreadyExists, $"task {task.Id} exists");
        }

        var service = draft.Service(task.ServiceId);
        if (service is null || service.Removing)
        {
            return ActionRules.NotFound("service", task.ServiceId.Value);
        }

        if (service.SpecVersion != task.SpecVersion)
        {
            return ActionOutcome.Conflict($"service {service.Spec.Name}", task.SpecVersion, service.SpecVersion);
        }

        if (task.Status.State > TaskState.Assigned || task.DesiredState is < TaskState.Ready or > TaskState.Complete)
        {
            return ActionOutcome.Refused(
                RefusalKind.IllegalTransition, $"a task cannot begin {task.Status.State} and {task.DesiredState}");
        }

        var node = task.NodeId.IsNone ? null : draft.Node(task.NodeId);
        if (task.NodeId.IsNone ? task.Status.State == TaskState.Assigned || task.Slot == 0 : node is null)
        {
            return ActionRules.NotFound("node", task.NodeId.ToString());
        }

        if ((PlanRules.Place(draft, task.NodeId) ?? PlanRules.Start(draft, task)) is { } changed)
        {
            return changed;
        }

        // The ids of the stored objects: those that were read from the log are copies for each task.
        draft.PutTask(null, task with
        {
            ServiceId = service.Id,
            NodeId = node?.Id ?? default,
            CreatedAt = draft.At,
            UpdatedAt = draft.At,
            Version = draft.Index,
            Status = draft.Statuses.Created(task.Status),
        });
        return ActionOutcome.Applied;
    }

    internal static ActionOutcome Assign(StateDraft draft, StoreAction.AssignTask action)
    {
        if (Find(draft, action.Id, action.Version, out var task) is { } refused)
        {
            return refused;
        }

        if (task.Status.State >= TaskState.Assigned || (!task.NodeId.IsNone && task.NodeId != action.Node))
        {
            return ActionOutcome.Refused(RefusalKind.IllegalTransition, $"task {task.Id} has a node");
        }

        if (draft.Node(action.Node) is not { } node)
        {
            return ActionRules.NotFound("node", action.Node.ToString());
        }

        if (PlanRules.Place(draft, action.Node) is { } changed)
        {
            return changed;
        }

        draft.PutTask(task, task with
        {
            NodeId = node.Id,
            HostPorts = action.HostPorts,
            Generic = action.Generic,
            UpdatedAt = draft.At,
            Version = draft.Index,
            Status = draft.Statuses.Assigned(task.Status),
        });
        return ActionOutcome.Applied;
    }

    internal static ActionOutcome Desire(StateDraft draft, StoreAction.SetDesiredState action)
    {
        if (Find(draft, action.Id, action.Version, out var task) is { } refused)
        {
            return refused;
        }

        if (action.Desired is not (TaskState.Ready or TaskState.Running or TaskState.Complete or TaskState.Shutdown
                or TaskState.Remove)
            || action.Desired < task.DesiredState)
        {
            return ActionOutcome.Refused(
                RefusalKind.IllegalTransition, $"task {task.Id} is wanted {task.DesiredState}, not {action.Desired}");
        }

        if (PlanRules.Desire(draft, task, action.Desired) is { } changed)
        {
            return changed;
        }

        if (action.Desired > task.DesiredState)
        {
            draft.PutTask(task, Stamped(draft, task with { DesiredState = action.Desired }));
        }

        return ActionOutcome.Applied;
    }

    internal static ActionOutcome Report(StateDraft draft, StoreAction.ReportTaskStatus action)
    {
        if (draft.Task(action.Id) is not { } task)
        {
            return ActionRules.NotFound("task", action.Id.Value);
        }

        var (old, seen) = (task.Status, action.Status);
        if (task.NodeId.IsNone && seen.State is > TaskState.Pending and not TaskState.Shutdown)
        {
            return ActionOutcome.Refused(RefusalKind.IllegalTransition, $"task {task.Id} has no node");
        }

        var further = old.State.MayBecome(seen.State);
        if (!further && seen.State != old.State)
        {
            return ActionOutcome.Refused(
                RefusalKind.Outdated, $"task {task.Id} is {old.State}, a report of {seen.State} came late");
        }

        var merged = Merged(old, seen) with { AppliedAt = further ? draft.At : old.AppliedAt };
        if (merged != old)
        {
            draft.PutTask(task, Stamped(draft, task with { Status = merged }));
        }

        return ActionOutcome.Applied;
    }

    internal static ActionOutcome Explain(StateDraft draft, StoreAction.ExplainTask action)
    {
        if (Find(draft, action.Id, action.Version, out var task) is { } refused)
        {
            return refused;
        }

        if (task.Status.State >= TaskState.Assigned)
        {
            return ActionOutcome.Refused(RefusalKind.IllegalTransition, $"task {task.Id} waits for nothing");
        }

        if (task.Status.Error != action.Explanation)
        {
            draft.PutTask(task, Stamped(draft, task with
            {
                Status = task.Status with { Error = action.Explanation, At = draft.At },
            }));
        }

        return ActionOutcome.Applied;
    }

    internal static ActionOutcome Delete(StateDraft draft, StoreAction.DeleteTask action)
    {
        if (draft.Task(action.Id) is not { } task)
        {
            return ActionOutcome.Applied;
        }

        if (task.Status.State is >= TaskState.Assigned and <= TaskState.Running
            && draft.Node(task.NodeId) is { State: Protocol.V1.NodeStatus.Types.State.Ready })
        {
            return ActionOutcome.Refused(
                RefusalKind.FailedPrecondition, $"task {task.Id} is {task.Status.State} on a node that is ready");
        }

        draft.DropTask(task);
        return ActionOutcome.Applied;
    }

    internal static TaskRecord Stamped(StateDraft draft, TaskRecord task) =>
        task with { Version = draft.Index, UpdatedAt = draft.At };

    private static TaskStatusRecord Merged(TaskStatusRecord old, TaskStatusRecord seen) => seen with
    {
        ContainerId = seen.ContainerId.Length > 0 ? seen.ContainerId : old.ContainerId,
        Pid = seen.Pid != 0 || seen.State.IsTerminal() ? seen.Pid : old.Pid,
        ExitCode = seen.ExitCode ?? old.ExitCode,
        OutOfMemory = seen.OutOfMemory || old.OutOfMemory,
        Address = seen.Address.Length > 0 ? seen.Address : old.Address,
        At = seen.At == default ? old.At : seen.At,
    };

    /// <summary>A change by this same entry is no conflict: the writer of a plan made both.</summary>
    private static ActionOutcome? Find(StateDraft draft, TaskId id, ulong version, out TaskRecord task)
    {
        task = draft.Task(id)!;
        return task is null ? ActionRules.NotFound("task", id.Value)
            : version == 0 || version == task.Version || task.Version == draft.Index ? null
            : ActionOutcome.Conflict($"task {id}", version, task.Version);
    }
}
