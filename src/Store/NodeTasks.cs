using Swarm.Model;

namespace Swarm.Store;

/// <summary>An id, and where it stands in the order of a map.</summary>
/// <param name="Place"><see cref="StableHash.Place"/> of the id.</param>
/// <param name="Id">The id.</param>
internal readonly record struct PlacedId(uint Place, TaskId Id) : IComparable<PlacedId>
{
    public int CompareTo(PlacedId other) =>
        Place != other.Place ? Place.CompareTo(other.Place) : Id.CompareTo(other.Id);
}

/// <summary>
/// The tasks that name a node, ended ones included. As long as they are few, as they are on nearly every node, they
/// stand in one array: that is a tenth of the objects of a map, and all of them are made anew with each change.
/// </summary>
/// <param name="few">In the order of a map; null when there are many.</param>
/// <param name="many">The values mean nothing; null when there are few.</param>
/// <param name="usage">What they hold.</param>
internal readonly struct NodeTasks(
    PlacedId[]? few, PersistentDictionary<TaskId, bool>? many, NodeUsage usage) : IEquatable<NodeTasks>
{
    internal static NodeTasks None { get; } = new([], null, NodeUsage.None);

    internal PlacedId[]? Few => few;

    internal PersistentDictionary<TaskId, bool>? Many => many;

    internal NodeUsage Usage => usage;

    internal IEnumerable<TaskId> Ids => many is not null ? many.Keys : (few ?? []).Select(static p => p.Id);

    /// <summary>Of one entry: not the same content, but nothing done to it.</summary>
    public bool Equals(NodeTasks other) =>
        ReferenceEquals(few, other.Few) && ReferenceEquals(many, other.Many) && ReferenceEquals(usage, other.Usage);

    public override bool Equals(object? obj) => obj is NodeTasks other && Equals(other);

    public override int GetHashCode() => 0;
}

/// <summary>The ids of a node's tasks while an entry is applied.</summary>
/// <param name="before">As they were.</param>
/// <param name="owner">Of the nodes of maps that are made.</param>
internal sealed class NodeTaskIds(NodeTasks before, object owner)
{
    /// <summary>More than this are a map, and half of it are none again.</summary>
    internal const int MaxFew = 32;

    private PlacedId[]? _few = before.Few;
    private int _count = before.Few?.Length ?? 0;
    private bool _isOwn;
    private PersistentDictionary<TaskId, bool>.Builder? _many = before.Many?.ToBuilder(owner);

    internal int Count => _many?.Count ?? _count;

    internal void Add(TaskId id, uint hash)
    {
        if (_many is null && _count == MaxFew)
        {
            Spread();
        }

        if (_many is not null)
        {
            _many.Set(id, hash, true);
            return;
        }

        var entry = new PlacedId(StableHash.PlaceOf(hash), id);
        var at = Array.BinarySearch(_few!, 0, _count, entry);
        if (at >= 0)
        {
            return;
        }

        MakeRoom();
        Array.Copy(_few!, ~at, _few!, ~at + 1, _count - ~at);
        _few![~at] = entry;
        _count++;
    }

    internal void Remove(TaskId id, uint hash)
    {
        if (_many is not null)
        {
            _many.Remove(id, hash);
            return;
        }

        var at = Array.BinarySearch(_few!, 0, _count, new PlacedId(StableHash.PlaceOf(hash), id));
        if (at < 0)
        {
            return;
        }

        MakeRoom();
        _count--;
        Array.Copy(_few!, at + 1, _few!, at, _count - at);
        _few![_count] = default;
    }

    internal NodeTasks With(NodeUsage usage)
    {
        if (_many is { Count: <= MaxFew / 2 })
        {
            Gather();
        }

        if (_many is not null)
        {
            return new NodeTasks(null, _many.ToMap(), usage);
        }

        if (_isOwn && _few!.Length > _count)
        {
            Array.Resize(ref _few, _count);
        }

        _isOwn = false;
        return new NodeTasks(_few, null, usage);
    }

    /// <summary>Room for one more, in an array that nobody else has.</summary>
    private void MakeRoom()
    {
        if (!_isOwn || _count == _few!.Length)
        {
            // Mostly one comes with an entry; where more do, they come in numbers.
            var own = new PlacedId[Math.Min(MaxFew, _isOwn ? 2 * (_count + 1) : _count + 1)];
            Array.Copy(_few!, own, _count);
            (_few, _isOwn) = (own, true);
        }
    }

    private void Spread()
    {
        _many = PersistentDictionary<TaskId, bool>.Empty.ToBuilder(owner);
        foreach (var entry in _few!)
        {
            _many.Set(entry.Id, true);
        }

        (_few, _count, _isOwn) = (null, 0, false);
    }

    private void Gather()
    {
        PlacedId[] few = [.. _many!.ToMap().Keys.Select(static id => new PlacedId(StableHash.Place(id.Value), id))];
        Array.Sort(few);
        (_few, _count, _isOwn, _many) = (few, few.Length, true, null);
    }
}
