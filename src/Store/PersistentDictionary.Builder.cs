using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Swarm.Store;

public sealed partial class PersistentDictionary<TKey, TValue>
{
    /// <summary>Changes in place what it made itself and copies what belongs to others.</summary>
    public sealed class Builder
    {
        /// <summary>Made with the first change: most builders of an entry change nothing.</summary>
        private object? _owner;
        private PersistentDictionary<TKey, TValue> _map;
        private TrieNode _root;

        internal Builder(PersistentDictionary<TKey, TValue> map, object? owner) =>
            (_map, _root, Count, _owner) = (map, map.Root, map.Count, owner);

        /// <summary>Number of keys.</summary>
        public int Count { get; private set; }

        /// <summary>Looks a key up.</summary>
        public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value) => Find(_root, key, out value);

        /// <summary>The value, or the default of its type.</summary>
        public TValue? Get(TKey key) => TryGetValue(key, out var value) ? value : default;

        /// <summary>As above, by a key whose <see cref="StableHash"/> is known.</summary>
        internal TValue? Get(TKey key, uint hash) => Find(_root, key, hash, 0, out var value) ? value : default;

        /// <summary>Adds or replaces.</summary>
        public void Set(TKey key, TValue value) => Set(key, StableHash.OfKey(key), value);

        /// <summary>As above, by a key whose <see cref="StableHash"/> is known.</summary>
        internal void Set(TKey key, uint hash, TValue value) =>
            _root = Put(_root, new Leaf(hash, key, value, null), 0);

        /// <summary>Removes; false when it was not there.</summary>
        public bool Remove(TKey key) => Remove(key, StableHash.OfKey(key));

        /// <summary>As above, by a key whose <see cref="StableHash"/> is known.</summary>
        internal bool Remove(TKey key, uint hash)
        {
            var before = Count;
            _root = Take(_root, key, hash, 0) ?? new TrieNode(0, [], null);
            return Count < before;
        }

        /// <summary>The map as it is now; the builder may go on.</summary>
        public PersistentDictionary<TKey, TValue> ToMap()
        {
            _owner = null;
            if (!ReferenceEquals(_root, _map.Root) || Count != _map.Count)
            {
                _map = Count == 0 ? Empty : new PersistentDictionary<TKey, TValue>(_root, Count);
            }

            return _map;
        }

        private object Owner => _owner ??= new object();

        private TrieNode Put(TrieNode node, Leaf leaf, int shift)
        {
            var bit = 1u << (int)((leaf.Hash >> shift) & 31);
            var at = BitOperations.PopCount(node.Bitmap & (bit - 1));
            if ((node.Bitmap & bit) == 0)
            {
                Count++;
                return Inserted(node, bit, at, leaf);
            }

            var slot = node.Slots[at];
            object next = slot is TrieNode child ? Put(child, leaf, shift + 5)
                : ((Leaf)slot).Hash == leaf.Hash ? Chained((Leaf)slot, leaf)
                : Split((Leaf)slot, leaf, shift + 5);
            return ReferenceEquals(next, slot) ? node : Replaced(node, at, next);
        }

        private Leaf Chained(Leaf chain, Leaf leaf)
        {
            if (!Contains(chain, leaf.Key))
            {
                Count++;
                return leaf with { Next = chain };
            }

            return leaf with { Next = Without(chain, leaf.Key) };
        }

        private static bool Contains(Leaf chain, TKey key)
        {
            for (var leaf = (Leaf?)chain; leaf is not null; leaf = leaf.Next)
            {
                if (leaf.Key.Equals(key))
                {
                    return true;
                }
            }

            return false;
        }

        private static Leaf? Without(Leaf? chain, TKey key) => chain is null ? null
            : chain.Key.Equals(key) ? chain.Next
            : chain with { Next = Without(chain.Next, key) };

        private TrieNode Split(Leaf old, Leaf leaf, int shift) =>
            Put(new TrieNode(1u << (int)((old.Hash >> shift) & 31), [old], Owner), leaf, shift);

        private TrieNode? Take(TrieNode node, TKey key, uint hash, int shift)
        {
            var bit = 1u << (int)((hash >> shift) & 31);
            if ((node.Bitmap & bit) == 0)
            {
                return node;
            }

            var at = BitOperations.PopCount(node.Bitmap & (bit - 1));
            var slot = node.Slots[at];
            object? next;
            if (slot is TrieNode child)
            {
                next = Take(child, key, hash, shift + 5);
                next = next is TrieNode { Slots: [Leaf only, ..] } left && BitOperations.IsPow2(left.Bitmap)
                    ? only
                    : next;
            }
            else
            {
                var chain = (Leaf)slot;
                if (chain.Hash != hash || !Contains(chain, key))
                {
                    return node;
                }

                Count--;
                next = Without(chain, key);
            }

            return next is null ? Erased(node, bit, at)
                : ReferenceEquals(next, slot) ? node
                : Replaced(node, at, next);
        }

        private TrieNode Inserted(TrieNode node, uint bit, int at, Leaf leaf)
        {
            var used = BitOperations.PopCount(node.Bitmap);
            if (ReferenceEquals(node.Owner, Owner) && used < node.Slots.Length)
            {
                Array.Copy(node.Slots, at, node.Slots, at + 1, used - at);
                node.Slots[at] = leaf;
                node.Bitmap |= bit;
                return node;
            }

            var slots = new object[Math.Min(32, used < 2 ? 2 : used + (used / 2))];
            Array.Copy(node.Slots, slots, at);
            Array.Copy(node.Slots, at, slots, at + 1, used - at);
            slots[at] = leaf;
            return new TrieNode(node.Bitmap | bit, slots, Owner);
        }

        private TrieNode Replaced(TrieNode node, int at, object next)
        {
            if (!ReferenceEquals(node.Owner, Owner))
            {
                node = new TrieNode(node.Bitmap, (object[])node.Slots.Clone(), Owner);
            }

            node.Slots[at] = next;
            return node;
        }

        private TrieNode? Erased(TrieNode node, uint bit, int at)
        {
            var used = BitOperations.PopCount(node.Bitmap) - 1;
            if (used == 0)
            {
                return null;
            }

            if (ReferenceEquals(node.Owner, Owner))
            {
                Array.Copy(node.Slots, at + 1, node.Slots, at, used - at);
                node.Slots[used] = null!;
                node.Bitmap &= ~bit;
                return node;
            }

            var slots = new object[used];
            Array.Copy(node.Slots, slots, at);
            Array.Copy(node.Slots, at + 1, slots, at, used - at);
            return new TrieNode(node.Bitmap & ~bit, slots, Owner);
        }
    }
}
