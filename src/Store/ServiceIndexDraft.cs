using System.Collections.Immutable;
using Swarm.Model;

namespace Swarm.Store;

/// <summary>The index over the tasks of one service while an entry is applied.</summary>
internal sealed class ServiceIndexDraft(ServiceTasks before, object owner)
{
    private ImmutableSortedDictionary<ulong, int> _specUses = before.SpecUses;
    private PersistentDictionary<SlotKey, ImmutableArray<TaskId>>.Builder? _slots;

    internal PersistentDictionary<SlotKey, ImmutableArray<TaskId>>.Builder Slots =>
        _slots ??= before.Slots.ToBuilder(owner);

    private (ulong Version, int Count) _pendingUses;

    /// <summary>Null as long as it is what it was.</summary>
    private PersistentDictionary<TaskId, bool>.Builder? _waiting;

    internal int Running { get; set; } = before.Running;

    internal bool Dropped { get; set; }

    /// <summary>Some task came, went, or counts differently.</summary>
    internal bool Changed => _slots is not null || _waiting is not null || Running != before.Running
        || _pendingUses.Count != 0 || !ReferenceEquals(_specUses, before.SpecUses);

    internal bool HasTasks => (_slots?.Count ?? before.Slots.Count) > 0;

    internal bool IsUsed(ulong version) => Uses(version) > 0;

    /// <summary>Many tasks of one version in a row cost one change of the map.</summary>
    internal void Use(ulong version, int more)
    {
        if (_pendingUses.Version != version)
        {
            Flush();
            _pendingUses = (version, 0);
        }

        _pendingUses.Count += more;
    }

    internal ServiceTasks ToRecord()
    {
        Flush();
        return new ServiceTasks(_slots?.ToMap() ?? before.Slots, _specUses, Waiting(), Running);
    }

    private int Uses(ulong version) =>
        _specUses.GetValueOrDefault(version) + (_pendingUses.Version == version ? _pendingUses.Count : 0);

    private void Flush()
    {
        if (_pendingUses.Count == 0)
        {
            return;
        }

        var count = Uses(_pendingUses.Version);
        _specUses = count > 0 ? _specUses.SetItem(_pendingUses.Version, count)
            : _specUses.Remove(_pendingUses.Version);
        _pendingUses = default;
    }

    internal PersistentDictionary<TaskId, bool> Waiting() => _waiting?.ToMap() ?? before.Waiting;

    internal void Wait(TaskId task, uint hash, bool waits)
    {
        _waiting ??= before.Waiting.ToBuilder(owner);
        if (waits)
        {
            _waiting.Set(task, hash, true);
        }
        else
        {
            _waiting.Remove(task, hash);
        }
    }
}
