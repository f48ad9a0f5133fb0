using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Swarm.Model;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>Which piece of the address pool is a node's: the network index counts pieces from the pool's
/// start.</summary>
internal static class Subnets
{
    /// <summary>The whole pool, "10.64.0.0/10".</summary>
    internal static string Pool(ClusterState state) =>
        state.Cluster?.Spec.AddressPool is { Length: > 0 } pool ? pool : SpecDefaults.AddressPool;

    /// <summary>"10.64.4.0/22" for index 1; empty for a node that is not known.</summary>
    internal static string Of(ClusterState state, NodeId node)
    {
        if (state.Nodes.Get(node) is not { } record)
        {
            return "";
        }

        var bits = state.Cluster?.Spec.NodeSubnetBits is > 0 and var b ? (int)b : SpecDefaults.NodeSubnetBits;
        return Piece(Pool(state), bits, record.NetworkIndex);
    }

    /// <summary>The piece with that index.</summary>
    /// <exception cref="InvariantException">The pool has no such piece (validated when the pool was set).</exception>
    internal static string Piece(string pool, int bits, uint index)
    {
        var parsed = IPNetwork.Parse(pool);
        Invariant.Check(bits > parsed.PrefixLength && bits <= 30 && index < 1u << (bits - parsed.PrefixLength));
        var start = BinaryPrimitives.ReadUInt32BigEndian(parsed.BaseAddress.GetAddressBytes());
        Span<byte> address = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(address, start + (index << (32 - bits)));
        return string.Create(CultureInfo.InvariantCulture, $"{new IPAddress(address)}/{bits}");
    }
}
