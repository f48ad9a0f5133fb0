using System.Buffers.Binary;
using System.Security.Cryptography;
using Swarm.Model;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// A hash of what in a state decides about its future, but for the number of failures that are left; the same for
/// states that differ only in which node is which, and which slot of a service. What is left out, and why nobody asks
/// about it, stands in the design document.
/// </summary>
internal static class ModelKey
{
    private const int MaxBytes = 2_048;

    public static UInt128 Of(ModelState state)
    {
        Span<byte> one = stackalloc byte[MaxBytes];
        Span<byte> other = stackalloc byte[MaxBytes];
        var straight = Write(state, false, one);
        var swapped = Write(state, true, other);
        var least = one[..straight].SequenceCompareTo(other[..swapped]) <= 0 ? one[..straight] : other[..swapped];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(least, digest);
        return new UInt128(
            BinaryPrimitives.ReadUInt64LittleEndian(digest), BinaryPrimitives.ReadUInt64LittleEndian(digest[8..]));
    }

    /// <param name="state">Of this.</param>
    /// <param name="swapped">As if either node had the other's name.</param>
    /// <param name="bytes">To here.</param>
    private static int Write(ModelState state, bool swapped, Span<byte> bytes)
    {
        var length = 0;
        bytes[length++] = (byte)state.Updates;
        bytes[length++] = (byte)state.Cluster.Nodes[SmallModelCommand.Nodes[swapped ? 1 : 0]].State;
        bytes[length++] = (byte)state.Cluster.Nodes[SmallModelCommand.Nodes[swapped ? 0 : 1]].State;
        foreach (var id in SmallModelCommand.Services)
        {
            var service = state.Cluster.Services[id];
            var update = service.Update is { IsRunning: true } or { IsPaused: true } ? service.Update : null;
            bytes[length++] = (byte)(update?.State ?? 0);
            foreach (var action in state.UnderWay)
            {
                if (action is StoreAction.SetUpdateStatus a && a.Id == id)
                    bytes[length++] = (byte)(0x80 + (int)(a.Status?.State ?? 0));
            }
            length += Slots(new SlotKeyWriter(state, service, update, swapped), service, bytes[length..]);
        }
        return length;
    }

    /// <summary>An update begins with the lowest slot: where there is one, slots are not interchangeable.</summary>
    private static int Slots(SlotKeyWriter writer, ServiceRecord service, Span<byte> bytes)
    {
        Span<byte> second = stackalloc byte[MaxBytes / 4];
        var first = bytes[..writer.Write(new SlotKey(service.Id, 1, default), bytes)];
        second = second[..writer.Write(new SlotKey(service.Id, 2, default), second)];
        if (!writer.IsOrdered && first.SequenceCompareTo(second) > 0)
        {
            Span<byte> third = stackalloc byte[first.Length];
            first.CopyTo(third);
            second.CopyTo(bytes);
            third.CopyTo(bytes[second.Length..]);
        }
        else
            second.CopyTo(bytes[first.Length..]);
        return first.Length + second.Length;
    }
}
