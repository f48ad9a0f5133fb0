using System.Numerics;

namespace Swarm.Store;

/// <summary>A key whose value differs between two maps.</summary>
/// <param name="Key">The key.</param>
/// <param name="Had">The first map has it.</param>
/// <param name="Before">Its value there.</param>
/// <param name="Has">The second map has it.</param>
/// <param name="After">Its value there.</param>
public readonly record struct KeyChange<TKey, TValue>(TKey Key, bool Had, TValue? Before, bool Has, TValue? After)
    where TKey : struct, IEquatable<TKey>;

/// <summary>
/// What differs between two maps. Parts that both share are not looked at: the price is the number of changes when
/// one was made from the other, and the number of keys when they have nothing in common.
/// </summary>
public static class PersistentDiff
{
    /// <summary>Every key that one map has and the other has not, or with another value object.</summary>
    public static IReadOnlyList<KeyChange<TKey, TValue>> Between<TKey, TValue>(
        PersistentDictionary<TKey, TValue> before, PersistentDictionary<TKey, TValue> after)
        where TKey : struct, IEquatable<TKey>
    {
        var changes = new List<KeyChange<TKey, TValue>>();
        Visit(before, after, changes.Add);
        return changes;
    }

    /// <summary>As <see cref="Between"/>, one call a key, in an order that follows from the keys.</summary>
    public static void Visit<TKey, TValue>(
        PersistentDictionary<TKey, TValue> before, PersistentDictionary<TKey, TValue> after,
        Action<KeyChange<TKey, TValue>> visit)
        where TKey : struct, IEquatable<TKey> => new Walk<TKey, TValue>(visit).Nodes(before.Root, after.Root);

    private readonly struct Walk<TKey, TValue>(Action<KeyChange<TKey, TValue>> visit)
        where TKey : struct, IEquatable<TKey>
    {
        internal void Nodes(TrieNode before, TrieNode after)
        {
            if (ReferenceEquals(before, after))
            {
                return;
            }

            for (var left = before.Bitmap | after.Bitmap; left != 0; left &= left - 1)
            {
                var bit = left & (0 - left);
                Slots(Slot(before, bit), Slot(after, bit));
            }
        }

        private void Slots(object? old, object? now)
        {
            if (ReferenceEquals(old, now))
            {
                return;
            }

            if (old is null || now is null)
            {
                All(old ?? now!, old is null);
            }
            else if (old is PersistentDictionary<TKey, TValue>.Leaf { Next: null } a
                && now is PersistentDictionary<TKey, TValue>.Leaf { Next: null } b && a.Key.Equals(b.Key))
            {
                Value(a, b);
            }
            else if (old is TrieNode c
                && now is TrieNode d)
            {
                Nodes(c, d);
            }
            else
            {
                Leaves(Under(old), Under(now));
            }
        }

        private void Value(
            PersistentDictionary<TKey, TValue>.Leaf old, PersistentDictionary<TKey, TValue>.Leaf now)
        {
            if (!Same(old.Value, now.Value))
            {
                visit(new(now.Key, true, old.Value, true, now.Value));
            }
        }

        /// <summary>One of the maps has nothing here.</summary>
        private void All(object slot, bool added)
        {
            if (slot is TrieNode node)
            {
                for (var i = 0; i < BitOperations.PopCount(node.Bitmap); i++)
                {
                    All(node.Slots[i], added);
                }

                return;
            }

            for (var leaf = (PersistentDictionary<TKey, TValue>.Leaf?)slot; leaf is not null; leaf = leaf.Next)
            {
                visit(added
                    ? new(leaf.Key, false, default, true, leaf.Value)
                    : new(leaf.Key, true, leaf.Value, false, default));
            }
        }

        /// <summary>At least one side is a single chain here, so the other has few leaves unless all of them are
        /// new.</summary>
        private void Leaves(
            List<PersistentDictionary<TKey, TValue>.Leaf> before, List<PersistentDictionary<TKey, TValue>.Leaf> after)
        {
            var olds = before.ToDictionary(l => l.Key);
            foreach (var leaf in after)
            {
                if (olds.Remove(leaf.Key, out var old))
                {
                    Value(old, leaf);
                }
                else
                {
                    visit(new(leaf.Key, false, default, true, leaf.Value));
                }
            }

            foreach (var leaf in before.Where(l => olds.ContainsKey(l.Key)))
            {
                visit(new(leaf.Key, true, leaf.Value, false, default));
            }
        }

        private static object? Slot(TrieNode node, uint bit) =>
            (node.Bitmap & bit) == 0 ? null : node.Slots[BitOperations.PopCount(node.Bitmap & (bit - 1))];

        private static bool Same(TValue a, TValue b) =>
            typeof(TValue).IsValueType ? EqualityComparer<TValue>.Default.Equals(a, b) : ReferenceEquals(a, b);

        private static List<PersistentDictionary<TKey, TValue>.Leaf> Under(object slot)
        {
            var leaves = new List<PersistentDictionary<TKey, TValue>.Leaf>();
            Collect(slot, leaves);
            return leaves;
        }

        private static void Collect(object? slot, List<PersistentDictionary<TKey, TValue>.Leaf> leaves)
        {
            if (slot is TrieNode node)
            {
                for (var i = 0; i < BitOperations.PopCount(node.Bitmap); i++)
                {
                    Collect(node.Slots[i], leaves);
                }

                return;
            }

            for (var leaf = (PersistentDictionary<TKey, TValue>.Leaf?)slot; leaf is not null; leaf = leaf.Next)
            {
                leaves.Add(leaf);
            }
        }
    }
}
