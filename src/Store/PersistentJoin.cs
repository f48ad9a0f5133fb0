using System.Numerics;
using Swarm.Model;

namespace Swarm.Store;

/// <summary>
/// What one map has for the keys of another. Both lie in the same order, so both are walked at once: no key is hashed,
/// and keys that are near each other find their values near each other.
/// </summary>
public static class PersistentJoin
{
    /// <summary>The value of each key, in the order of the keys, until the visitor has enough.</summary>
    /// <param name="keys">All of them are in the other map; the values mean nothing.</param>
    /// <param name="map">Where their values are.</param>
    /// <param name="visit">False ends the walk.</param>
    /// <exception cref="InvariantException">A key is not in the other map.</exception>
    public static void Visit<TKey, TMark, TValue>(
        PersistentDictionary<TKey, TMark> keys, PersistentDictionary<TKey, TValue> map, Func<TValue, bool> visit)
        where TKey : struct, IEquatable<TKey> => new Walk<TKey, TMark, TValue>(visit).Nodes(keys.Root, map.Root, 0);

    private readonly struct Walk<TKey, TMark, TValue>(Func<TValue, bool> visit)
        where TKey : struct, IEquatable<TKey>
    {
        internal bool Nodes(TrieNode keys, TrieNode map, int shift)
        {
            var at = 0;
            for (var left = keys.Bitmap; left != 0; left &= left - 1, at++)
            {
                var bit = left & (0 - left);
                Invariant.Check((map.Bitmap & bit) != 0);
                var found = map.Slots[BitOperations.PopCount(map.Bitmap & (bit - 1))];
                if (!Slots(keys.Slots[at], found, shift + 5))
                {
                    return false;
                }
            }

            return true;
        }

        /// <summary>What stands below the same hash bits in both.</summary>
        private bool Slots(object keys, object found, int shift)
        {
            if (keys is TrieNode child)
            {
                // Several keys are below, so there are no fewer in the other map.
                Invariant.Check(found is TrieNode);
                return Nodes(child, (TrieNode)found, shift);
            }

            for (var leaf = (PersistentDictionary<TKey, TMark>.Leaf?)keys; leaf is not null; leaf = leaf.Next)
            {
                var value = default(TValue);
                Invariant.Check(found is TrieNode node
                    ? PersistentDictionary<TKey, TValue>.Find(node, leaf.Key, leaf.Hash, shift, out value)
                    : PersistentDictionary<TKey, TValue>.FindInChain(found, leaf.Key, out value));
                if (!visit(value!))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
