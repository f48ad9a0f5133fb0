using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>
/// Which pieces of the address pool are given away. The first piece (index 0) is nobody's: its first addresses
/// look like the pool itself.
/// </summary>
internal static class Subnets
{
    /// <summary>Far more nodes than a cluster is made for; bounds the bit set.</summary>
    private const int MaxPieces = 1 << 17;

    /// <summary>How many nodes the cluster's pool has a subnet for, plus one.</summary>
    internal static int Pieces(ClusterSpec? spec)
    {
        var pool = spec is { AddressPool.Length: > 0 } ? spec.AddressPool : SpecDefaults.AddressPool;
        var bits = spec is { NodeSubnetBits: > 0 } ? (int)spec.NodeSubnetBits : SpecDefaults.NodeSubnetBits;
        var slash = pool.IndexOf('/');
        var prefix = slash > 0
            && int.TryParse(pool.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var given)
            ? given
            : bits;
        return bits <= prefix ? 1 : Math.Min(MaxPieces, 1 << Math.Min(bits - prefix, 30));
    }

    /// <summary>The lowest free index below <paramref name="pieces"/>; 0 when there is none.</summary>
    internal static uint LowestFree(ImmutableArray<ulong> taken, int pieces)
    {
        for (var word = 0; word <= taken.Length; word++)
        {
            var bits = word < taken.Length ? taken[word] : 0;
            if (bits != ulong.MaxValue)
            {
                var free = (word * 64) + BitOperations.TrailingZeroCount(~bits);
                return free < pieces ? (uint)free : 0;
            }
        }

        return 0;
    }

    internal static ImmutableArray<ulong> Taken(ImmutableArray<ulong> taken, uint index)
    {
        var words = taken.ToBuilder();
        while (words.Count <= index / 64)
        {
            words.Add(0);
        }

        words[(int)(index / 64)] |= 1UL << (int)(index % 64);
        return words.ToImmutable();
    }

    internal static ImmutableArray<ulong> Freed(ImmutableArray<ulong> taken, uint index) =>
        index == 0 || index / 64 >= taken.Length
            ? taken
            : taken.SetItem((int)(index / 64), taken[(int)(index / 64)] & ~(1UL << (int)(index % 64)));
}
