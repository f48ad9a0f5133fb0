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
        Slots(before.Root, after.Root, changes);
        return changes;
    }

    private static void Slots<TKey, TValue>(
        PersistentDictionary<TKey, TValue>.TrieNode before, PersistentDictionary<TKey, TValue>.TrieNode after,
        List<KeyChange<TKey, TValue>> changes)
        where TKey : struct, IEquatable<TKey>
    {
        if (ReferenceEquals(before, after))
        {
            return;
        }

        for (var left = before.Bitmap | after.Bitmap; left != 0; left &= left - 1)
        {
            var bit = left & (0 - left);
            var (old, now) = (Slot(before, bit), Slot(after, bit));
            if (ReferenceEquals(old, now))
            {
                continue;
            }

            if (old is PersistentDictionary<TKey, TValue>.TrieNode a
                && now is PersistentDictionary<TKey, TValue>.TrieNode b)
            {
                Slots(a, b, changes);
                continue;
            }

            Leaves(Under<TKey, TValue>(old), Under<TKey, TValue>(now), changes);
        }
    }

    private static object? Slot<TKey, TValue>(PersistentDictionary<TKey, TValue>.TrieNode node, uint bit)
        where TKey : struct, IEquatable<TKey> =>
        (node.Bitmap & bit) == 0 ? null : node.Slots[BitOperations.PopCount(node.Bitmap & (bit - 1))];

    /// <summary>At least one side is a single chain here, so the other has few leaves unless all of them are
    /// new.</summary>
    private static void Leaves<TKey, TValue>(
        List<PersistentDictionary<TKey, TValue>.Leaf> before, List<PersistentDictionary<TKey, TValue>.Leaf> after,
        List<KeyChange<TKey, TValue>> changes)
        where TKey : struct, IEquatable<TKey>
    {
        var olds = before.ToDictionary(l => l.Key, l => l.Value);
        foreach (var leaf in after)
        {
            var had = olds.Remove(leaf.Key, out var old);
            if (!had || !Same(old!, leaf.Value))
            {
                changes.Add(new(leaf.Key, had, old, true, leaf.Value));
            }
        }

        changes.AddRange(before.Where(l => olds.ContainsKey(l.Key))
            .Select(l => new KeyChange<TKey, TValue>(l.Key, true, l.Value, false, default)));
    }

    private static bool Same<TValue>(TValue a, TValue b) =>
        typeof(TValue).IsValueType ? EqualityComparer<TValue>.Default.Equals(a, b) : ReferenceEquals(a, b);

    private static List<PersistentDictionary<TKey, TValue>.Leaf> Under<TKey, TValue>(object? slot)
        where TKey : struct, IEquatable<TKey>
    {
        var leaves = new List<PersistentDictionary<TKey, TValue>.Leaf>();
        Collect(slot, leaves);
        return leaves;
    }

    private static void Collect<TKey, TValue>(object? slot, List<PersistentDictionary<TKey, TValue>.Leaf> leaves)
        where TKey : struct, IEquatable<TKey>
    {
        if (slot is PersistentDictionary<TKey, TValue>.TrieNode node)
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
