using System.Runtime.InteropServices;
using Swarm.Model;

namespace Swarm.Store;

/// <summary>
/// Hashes that are the same in every process. The runtime's string hash is seeded anew in each, so the order of
/// its dictionaries would differ between managers and between two runs of one simulation.
/// </summary>
public static class StableHash
{
    private const ulong Prime = 0x9E3779B97F4A7C15;

    /// <summary>Of a text; every character counts.</summary>
    public static uint Of(string? text)
    {
        var chars = (text ?? "").AsSpan();
        var hash = Mix((ulong)chars.Length + Prime);
        var words = MemoryMarshal.Cast<char, ulong>(chars);
        foreach (var word in words)
        {
            hash = Mix(hash ^ word);
        }

        foreach (var rest in chars[(words.Length * 4)..])
        {
            hash = Mix(hash ^ rest);
        }

        return (uint)(hash >> 32);
    }

    /// <summary>
    /// Where a text stands in the order of a <see cref="PersistentDictionary{TKey, TValue}"/>: keys that follow each
    /// other in it are near each other in memory, and who changes many of them in this order changes them at less cost.
    /// </summary>
    public static uint Place(string? text) => PlaceOf(Of(text));

    /// <summary>The lowest five bits of a hash are those of the first branching, and so on.</summary>
    internal static uint PlaceOf(uint hash)
    {
        var place = 0u;
        for (var shift = 0; shift < 30; shift += 5)
        {
            place = (place << 5) | ((hash >> shift) & 31);
        }

        return (place << 2) | (hash >> 30);
    }

    /// <summary>One value from two.</summary>
    public static uint Combine(uint first, uint second) => (uint)(Mix(((ulong)first << 32) | second) >> 32);

    internal static uint OfKey<TKey>(TKey key)
        where TKey : struct
    {
        // The compiler knows TKey here: one branch is left and nothing is boxed.
        if (typeof(TKey) == typeof(TaskId))
        {
            return Of(((TaskId)(object)key).Value);
        }

        if (typeof(TKey) == typeof(NodeId))
        {
            return Of(((NodeId)(object)key).Value);
        }

        if (typeof(TKey) == typeof(ServiceId))
        {
            return Of(((ServiceId)(object)key).Value);
        }

        if (typeof(TKey) == typeof(PayloadId))
        {
            return Of(((PayloadId)(object)key).Value);
        }

        if (typeof(TKey) == typeof(SlotKey))
        {
            var slot = (SlotKey)(object)key;
            return Combine((uint)slot.Slot, slot.Slot == 0 ? Of(slot.Node.Value) : 0);
        }

        if (typeof(TKey) == typeof(RequestId))
        {
            var id = (RequestId)(object)key;
            return (uint)(Mix(Mix((ulong)id.Client ^ (ulong)(id.Client >> 64)) ^ id.Sequence ^ id.Step) >> 32);
        }

        throw new NotSupportedException($"no stable hash for keys of type {typeof(TKey).Name}");
    }

    private static ulong Mix(ulong value)
    {
        value *= Prime;
        return value ^ (value >> 29);
    }
}
