namespace Swarm.Store;

/// <summary>
/// One branching of a <see cref="PersistentDictionary{TKey, TValue}"/>: a slot for each bit that is set, with another
/// node or a chain of leaves. Not generic itself, so that telling nodes from leaves is one comparison.
/// </summary>
/// <param name="bitmap">Which of the 32 values of the hash bits at this level there are.</param>
/// <param name="slots">In the order of the bits; there may be room behind the last.</param>
/// <param name="owner">Whose builder made it and may change it.</param>
internal sealed class TrieNode(uint bitmap, object[] slots, object? owner)
{
    internal uint Bitmap { get; set; } = bitmap;

    internal object[] Slots { get; } = slots;

    internal object? Owner { get; } = owner;
}
