using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Swarm.Store;

/// <summary>
/// An immutable map that shares its parts with the map it was made from: a trie over 32 hash bits, five a level.
/// Looks up in two to four steps at 100,000 keys. A <see cref="Builder"/> changes many keys at the price of one.
/// Order of enumeration follows <see cref="StableHash"/>: the same in every process.
/// </summary>
public sealed partial class PersistentDictionary<TKey, TValue> : IReadOnlyCollection<KeyValuePair<TKey, TValue>>
    where TKey : struct, IEquatable<TKey>
{
    /// <summary>The map without keys.</summary>
    public static readonly PersistentDictionary<TKey, TValue> Empty = new(new TrieNode(0, [], null), 0);

    private PersistentDictionary(TrieNode root, int count) => (Root, Count) = (root, count);

    internal TrieNode Root { get; }

    /// <summary>Number of keys.</summary>
    public int Count { get; }

    /// <summary>All keys.</summary>
    public IEnumerable<TKey> Keys => this.Select(p => p.Key);

    /// <summary>All values.</summary>
    public IEnumerable<TValue> Values => this.Select(p => p.Value);

    /// <summary>The value of a key that is there.</summary>
    /// <exception cref="KeyNotFoundException">It is not there.</exception>
    public TValue this[TKey key] =>
        TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"no {key} in this map");

    /// <summary>Looks a key up.</summary>
    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value) => Find(Root, key, out value);

    /// <summary>The value, or the default of its type.</summary>
    public TValue? Get(TKey key) => TryGetValue(key, out var value) ? value : default;

    /// <summary>As above, by a key whose <see cref="StableHash"/> is known.</summary>
    internal bool TryGetValue(TKey key, uint hash, [MaybeNullWhen(false)] out TValue value) =>
        Find(Root, key, hash, 0, out value);

    /// <summary>True when the key is there.</summary>
    public bool ContainsKey(TKey key) => TryGetValue(key, out _);

    /// <summary>True when the other one is this very map, or one that was made from it without a change.</summary>
    public bool IsSame(PersistentDictionary<TKey, TValue> other) =>
        ReferenceEquals(Root, other.Root) || (Count == 0 && other.Count == 0);

    /// <summary>A builder that starts with this map's content.</summary>
    public Builder ToBuilder() => new(this, null);

    /// <summary>As above; builders that are finished together may share one owner of the nodes they make.</summary>
    internal Builder ToBuilder(object owner) => new(this, owner);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<TKey, TValue>> GetEnumerator() => Walk(Root).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static bool Find(TrieNode node, TKey key, [MaybeNullWhen(false)] out TValue value) =>
        Find(node, key, StableHash.OfKey(key), 0, out value);

    /// <summary>From a node on, below the bits of <paramref name="shift"/>.</summary>
    internal static bool Find(
        TrieNode node, TKey key, uint hash, int shift, [MaybeNullWhen(false)] out TValue value)
    {
        for (; ; shift += 5)
        {
            var bit = 1u << (int)((hash >> shift) & 31);
            if ((node.Bitmap & bit) == 0)
            {
                value = default;
                return false;
            }

            var slot = node.Slots[BitOperations.PopCount(node.Bitmap & (bit - 1))];
            if (slot is TrieNode child)
            {
                node = child;
                continue;
            }

            value = default;
            return Unsafe.As<Leaf>(slot).Hash == hash && FindInChain(slot, key, out value);
        }
    }

    /// <summary>In a slot that is no node: one leaf, or those of one hash.</summary>
    internal static bool FindInChain(object slot, TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        for (var leaf = Unsafe.As<Leaf?>(slot); leaf is not null; leaf = leaf.Next)
        {
            if (leaf.Key.Equals(key))
            {
                value = leaf.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    private static IEnumerable<KeyValuePair<TKey, TValue>> Walk(TrieNode root)
    {
        var stack = new Stack<(TrieNode Node, int Next)>();
        stack.Push((root, 0));
        while (stack.TryPop(out var top))
        {
            if (top.Next == BitOperations.PopCount(top.Node.Bitmap))
            {
                continue;
            }

            stack.Push((top.Node, top.Next + 1));
            var slot = top.Node.Slots[top.Next];
            if (slot is TrieNode child)
            {
                stack.Push((child, 0));
                continue;
            }

            for (var leaf = (Leaf?)slot; leaf is not null; leaf = leaf.Next)
            {
                yield return new KeyValuePair<TKey, TValue>(leaf.Key, leaf.Value);
            }
        }
    }

    internal sealed record Leaf(uint Hash, TKey Key, TValue Value, Leaf? Next);
}
