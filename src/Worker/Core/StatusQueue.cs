using Swarm.Model;
using Swarm.Protocol.V1;
using TaskStatus = Swarm.Protocol.V1.TaskStatus;

namespace Swarm.Worker.Core;

/// <summary>
/// Reports that the leader has not put into the log yet: the latest one of each task. One batch is under way at
/// a time; what is reported meanwhile waits for the next, so that many tasks share one entry.
/// </summary>
public sealed class StatusQueue
{
    /// <summary>Reports in one batch.</summary>
    public const int MaxReports = 1000;

    private readonly SortedDictionary<TaskId, TaskStatus> _waiting = [];
    private readonly Dictionary<TaskId, TaskStatus> _underWay = [];
    private ulong _sequence;

    /// <summary>Nothing waits and nothing is under way.</summary>
    public bool IsEmpty => _waiting.Count == 0 && _underWay.Count == 0;

    /// <summary>Notes a status; an older state than one already queued is dropped (states never go back).</summary>
    public void Add(TaskId task, TaskStatus status)
    {
        if (Latest(task) is { } queued && queued.State > status.State)
        {
            return;
        }

        _waiting[task] = status;
    }

    /// <summary>The next batch, or null when one is under way or nothing waits.</summary>
    public StatusBatch? Next()
    {
        if (_underWay.Count > 0 || _waiting.Count == 0)
        {
            return null;
        }

        var batch = new StatusBatch { Sequence = ++_sequence };
        foreach (var (task, status) in _waiting.Take(MaxReports))
        {
            batch.Reports.Add(new TaskReport { TaskId = task.Value, Status = status });
            _underWay[task] = status;
        }

        foreach (var task in _underWay.Keys)
        {
            _waiting.Remove(task);
        }

        return batch;
    }

    /// <summary>The leader has the batch; returns what it took. An answer to an older batch is ignored.</summary>
    public IReadOnlyList<(TaskId Task, TaskStatus Status)> Accepted(ulong sequence)
    {
        if (sequence != _sequence || _underWay.Count == 0)
        {
            return [];
        }

        var taken = _underWay.Select(p => (p.Key, p.Value)).OrderBy(p => p.Key).ToList();
        _underWay.Clear();
        return taken;
    }

    /// <summary>The session broke: what was under way has to be said again.</summary>
    public void SessionLost()
    {
        foreach (var (task, status) in _underWay)
        {
            _waiting.TryAdd(task, status);
        }

        _underWay.Clear();
    }

    private TaskStatus? Latest(TaskId task) =>
        _waiting.TryGetValue(task, out var waiting) ? waiting : _underWay.GetValueOrDefault(task);
}
