using Swarm.Model;

namespace Swarm.Orchestrator;

/// <summary>One replica over time: its tasks, oldest first.</summary>
internal sealed class Slot
{
    internal Slot(SlotKey key, List<TaskRecord> tasks)
    {
        tasks.Sort(static (a, b) =>
            a.CreatedAt != b.CreatedAt ? a.CreatedAt.CompareTo(b.CreatedAt) : a.Id.CompareTo(b.Id));
        (Key, Tasks) = (key, tasks);
        Wanted = tasks.FindAll(static t => t.IsWanted);
    }

    internal SlotKey Key { get; }

    internal IReadOnlyList<TaskRecord> Tasks { get; }

    /// <summary>Those that are wanted up, also if they have ended and nobody has dealt with it yet.</summary>
    internal List<TaskRecord> Wanted { get; }

    internal TaskRecord? Newest => Tasks.Count > 0 ? Tasks[^1] : null;

    /// <summary>A user scaled it away: what is left of it is on its way out.</summary>
    internal bool IsLeaving => Tasks.Count > 0 && Tasks.All(t => t.DesiredState == TaskState.Remove);

    /// <summary>Something wanted is really running.</summary>
    internal bool IsRunning => Wanted.Exists(t => t.Status.State == TaskState.Running);

    /// <summary>A node has something of it, wanted or not.</summary>
    internal bool IsRunningSomewhere =>
        Tasks.Any(t => t.Status.State is >= TaskState.Assigned and <= TaskState.Running);
}
