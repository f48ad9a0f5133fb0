using System.Collections.Immutable;

namespace Swarm.Store;

/// <summary>Remembers what each touched object was before the entry, in the order of the first touch.</summary>
internal sealed class ChangeList<TKey, TRecord>
    where TKey : struct, IEquatable<TKey>
    where TRecord : class
{
    private readonly Dictionary<TKey, TRecord?> _before = [];
    private readonly List<TKey> _order = [];

    internal void Note(TKey key, TRecord? before)
    {
        if (_before.TryAdd(key, before))
        {
            _order.Add(key);
        }
    }

    internal ImmutableArray<Change<TRecord>> Finish(PersistentDictionary<TKey, TRecord> after)
    {
        var changes = ImmutableArray.CreateBuilder<Change<TRecord>>(_order.Count);
        foreach (var key in _order)
        {
            var (old, now) = (_before[key], after.Get(key));
            if (!ReferenceEquals(old, now))
            {
                changes.Add(new Change<TRecord>(old, now));
            }
        }

        return changes.ToImmutable();
    }
}
