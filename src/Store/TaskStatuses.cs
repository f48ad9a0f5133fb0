using Swarm.Model;

namespace Swarm.Store;

/// <summary>
/// The statuses that one entry gives. Tasks of one plan are alike in it, and were before: they share one object, a
/// third of what a task takes, and it is made once.
/// </summary>
/// <param name="at">The entry's time.</param>
internal sealed class TaskStatuses(DateTimeOffset at)
{
    private (TaskStatusRecord? From, TaskStatusRecord? To) _created;
    private (TaskStatusRecord? From, TaskStatusRecord? To) _assigned;

    internal TaskStatusRecord Created(TaskStatusRecord status)
    {
        if (!IsLast(_created.From, status))
        {
            _created = (status, status with
            {
                At = at,
                AppliedAt = at,
                Message = status.Message.Length > 0 ? status.Message : TaskMessages.Of(status.State),
            });
        }

        return _created.To!;
    }

    internal TaskStatusRecord Assigned(TaskStatusRecord status)
    {
        if (!IsLast(_assigned.From, status))
        {
            _assigned = (status, status with
            {
                State = TaskState.Assigned,
                At = at,
                AppliedAt = at,
                Message = TaskMessages.Of(TaskState.Assigned),
                Error = "",
            });
        }

        return _assigned.To!;
    }

    private static bool IsLast(TaskStatusRecord? last, TaskStatusRecord status) =>
        ReferenceEquals(last, status) || (last is not null && last == status);
}
