using System.Collections.Immutable;
using Swarm.Model;

namespace Swarm.Store;

/// <summary>What differs between two states of one service's tasks.</summary>
public sealed class ServiceDelta
{
    private readonly List<Change<TaskRecord>> _tasks = [];
    private IReadOnlyList<SlotKey>? _crowded;
    private int _added;
    private int _removed;

    internal ServiceDelta(ServiceId id, ClusterState from, ClusterState to) =>
        (Id, Before, After) = (id, from.SlotsOf(id), to.SlotsOf(id));

    /// <summary>The service.</summary>
    public ServiceId Id { get; }

    /// <summary>Tasks that came, changed or went.</summary>
    public IReadOnlyList<Change<TaskRecord>> Tasks => _tasks;

    /// <summary>Its slots before.</summary>
    public PersistentDictionary<SlotKey, ImmutableArray<TaskId>> Before { get; }

    /// <summary>Its slots after.</summary>
    public PersistentDictionary<SlotKey, ImmutableArray<TaskId>> After { get; }

    /// <summary>Slots that got a task and have, or had, another one.</summary>
    public IReadOnlyList<SlotKey> Crowded => _crowded ??= FindCrowded();

    internal void Add(Change<TaskRecord> change)
    {
        _tasks.Add(change);
        _added += change.Before is null ? 1 : 0;
        _removed += change.After is null ? 1 : 0;
    }

    private List<SlotKey> FindCrowded()
    {
        var crowded = new List<SlotKey>();
        if (_added == 0 || (_removed == 0 && After.Count == Before.Count + _added))
        {
            // Nothing came, or each to a slot of its own.
            return crowded;
        }

        foreach (var (before, after) in _tasks)
        {
            if (before is null && (Before.ContainsKey(after!.Key) || After[after.Key].Length > 1))
            {
                crowded.Add(after.Key);
            }
        }

        return crowded;
    }
}
