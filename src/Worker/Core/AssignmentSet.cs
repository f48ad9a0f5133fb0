using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Worker.Core;

/// <summary>A task whose assignment changed; null = it is no longer assigned.</summary>
public readonly record struct AssignmentChange(TaskId Task, AssignedTask? Assigned);

/// <summary>
/// What the leader wants of this node. The first message of a session is complete, later ones are
/// differences; both give the list of tasks that changed.
/// </summary>
public sealed class AssignmentSet
{
    private readonly SortedDictionary<TaskId, AssignedTask> _tasks = [];

    /// <summary>Tasks assigned now.</summary>
    public int Count => _tasks.Count;

    /// <summary>Takes a message in; changes in the order of task ids.</summary>
    public IReadOnlyList<AssignmentChange> Take(Assignments message)
    {
        var changes = new List<AssignmentChange>();
        if (message.Complete)
        {
            var named = message.Tasks.Select(t => new TaskId(t.Id)).ToHashSet();
            foreach (var gone in _tasks.Keys.Where(id => !named.Contains(id)).ToList())
            {
                Drop(gone, changes);
            }
        }

        foreach (var task in message.Tasks)
        {
            var id = new TaskId(task.Id);
            if (!_tasks.TryGetValue(id, out var known) || !known.Equals(task))
            {
                _tasks[id] = task;
                changes.Add(new AssignmentChange(id, task));
            }
        }

        foreach (var id in message.RemovedTaskIds)
        {
            Drop(new TaskId(id), changes);
        }

        return changes;
    }

    private void Drop(TaskId id, List<AssignmentChange> changes)
    {
        if (_tasks.Remove(id))
        {
            changes.Add(new AssignmentChange(id, null));
        }
    }
}
