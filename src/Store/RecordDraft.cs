using System.Collections.Immutable;

namespace Swarm.Store;

/// <summary>
/// The objects of one kind while an entry is applied, and what each of them was. Nothing is made for a kind that the
/// entry does not touch: most entries of users change one object. A struct that changes: only ever a field.
/// </summary>
internal struct RecordDraft<TKey, TRecord>(PersistentDictionary<TKey, TRecord> before)
    where TKey : struct, IEquatable<TKey>
    where TRecord : class
{
    private PersistentDictionary<TKey, TRecord>.Builder? _open;
    private ChangeList<TKey, TRecord>? _changes;

    internal readonly TRecord? Get(TKey key) => _open is null ? before.Get(key) : _open.Get(key);

    /// <summary>All there are now.</summary>
    internal readonly PersistentDictionary<TKey, TRecord> ToMap() => _open?.ToMap() ?? before;

    /// <summary>Returns what was there.</summary>
    internal TRecord? Put(TKey key, TRecord record)
    {
        var old = Get(key);
        (_changes ??= new()).Note(key, old);
        Restore(key, record);
        return old;
    }

    /// <summary>As <see cref="Put"/>, but it is no change.</summary>
    internal void Restore(TKey key, TRecord record) => (_open ??= before.ToBuilder()).Set(key, record);

    internal void Drop(TKey key, TRecord old)
    {
        (_changes ??= new()).Note(key, old);
        (_open ??= before.ToBuilder()).Remove(key);
    }

    /// <param name="after">What <see cref="ToMap"/> said.</param>
    internal readonly ImmutableArray<Change<TRecord>> Changes(PersistentDictionary<TKey, TRecord> after) =>
        _changes?.Finish(after) ?? [];
}
