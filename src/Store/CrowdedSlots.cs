using System.Collections.Immutable;
using Swarm.Model;

namespace Swarm.Store;

/// <summary>
/// The slots of one service that have several tasks, brought along from state to state. In all others, nearly always
/// nearly all, a task that changed is all there is of its slot, and nobody has to look what else is there.
/// </summary>
public sealed class CrowdedSlots
{
    private static readonly IEqualityComparer<SlotKey> ByNumber = EqualityComparer<SlotKey>.Create(
        static (a, b) => a.Slot == b.Slot && a.Node == b.Node, static k => (int)StableHash.OfKey(k));

    private readonly HashSet<SlotKey> _crowded = new(ByNumber);
    private readonly HashSet<SlotKey> _seen = new(ByNumber);

    /// <summary>A slot as it is when all of them are looked at.</summary>
    public void Add(SlotKey key, ImmutableArray<TaskId> tasks)
    {
        if (tasks.Length > 1)
        {
            _crowded.Add(key);
        }
    }

    /// <summary>Goes on to the delta's second state.</summary>
    /// <param name="delta">Null when no task of the service changed.</param>
    public void Begin(ServiceDelta? delta)
    {
        _seen.Clear();
        foreach (var key in delta?.Crowded ?? [])
        {
            _crowded.Add(key);
        }
    }

    /// <summary>It has several tasks, or had in the delta's first state.</summary>
    public bool Has(SlotKey key) =>
        (_crowded.Count > 0 && _crowded.Contains(key)) || (_seen.Count > 0 && _seen.Contains(key));

    /// <summary>Takes note of what a crowded slot has in the delta's second state; false when that was done.</summary>
    public bool TryVisit(SlotKey key, int tasks)
    {
        if (!_seen.Add(key))
        {
            return false;
        }

        if (tasks < 2)
        {
            _crowded.Remove(key);
        }

        return true;
    }
}
