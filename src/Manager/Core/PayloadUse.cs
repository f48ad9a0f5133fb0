using System.Collections.Immutable;
using Swarm.Model;

namespace Swarm.Manager.Core;

/// <summary>Which secrets and configs the tasks of one node need; a session begins with none.</summary>
internal sealed class PayloadUse
{
    private readonly Dictionary<TaskId, ImmutableArray<PayloadId>> _byTask = [];
    private readonly SortedDictionary<PayloadId, int> _uses = [];

    /// <summary>Needed by some task.</summary>
    internal bool IsNeeded(PayloadId id) => _uses.ContainsKey(id);

    /// <summary>This task needs some.</summary>
    internal bool Has(TaskId task) => _byTask.ContainsKey(task);

    /// <summary>Notes what a task needs now; what came or went besides goes into the lists.</summary>
    internal void Set(TaskId task, ImmutableArray<PayloadId> needed, ISet<PayloadId> changed)
    {
        foreach (var id in needed)
        {
            _uses[id] = _uses.GetValueOrDefault(id) + 1;
            changed.Add(id);
        }

        foreach (var id in _byTask.GetValueOrDefault(task, []))
        {
            changed.Add(id);
            if (--_uses[id] == 0)
            {
                _uses.Remove(id);
            }
        }

        if (needed.IsEmpty)
        {
            _byTask.Remove(task);
        }
        else
        {
            _byTask[task] = needed;
        }
    }
}
