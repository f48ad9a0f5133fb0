using System.Collections.Immutable;

namespace Swarm.Store;

/// <summary>Remembers what each touched object was before the entry, in the order of the first touch.</summary>
internal sealed class ChangeList<TKey, TRecord>
    where TKey : struct, IEquatable<TKey>
    where TRecord : class
{
    /// <summary>Most entries touch one object: it needs no table.</summary>
    private (TKey Key, TRecord? Before)? _first;
    private HashSet<TKey>? _more;
    private List<(TKey Key, TRecord? Before)>? _order;

    internal void Note(TKey key, TRecord? before)
    {
        if (_first is not { } first)
        {
            _first = (key, before);
        }
        else if (!first.Key.Equals(key) && (_more ??= []).Add(key))
        {
            (_order ??= []).Add((key, before));
        }
    }

    internal ImmutableArray<Change<TRecord>> Finish(PersistentDictionary<TKey, TRecord> after)
    {
        if (_first is not { } first)
        {
            return [];
        }

        if (_order is null)
        {
            var now = after.Get(first.Key);
            return ReferenceEquals(first.Before, now) ? [] : [new Change<TRecord>(first.Before, now)];
        }

        var changes = ImmutableArray.CreateBuilder<Change<TRecord>>(1 + _order.Count);
        Add(changes, first, after);
        foreach (var touched in _order)
        {
            Add(changes, touched, after);
        }

        return changes.DrainToImmutable();
    }

    private static void Add(
        ImmutableArray<Change<TRecord>>.Builder changes, (TKey Key, TRecord? Before) touched,
        PersistentDictionary<TKey, TRecord> after)
    {
        var now = after.Get(touched.Key);
        if (!ReferenceEquals(touched.Before, now))
        {
            changes.Add(new Change<TRecord>(touched.Before, now));
        }
    }
}
