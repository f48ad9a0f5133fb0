using System.Buffers.Binary;
using System.Numerics;

namespace Swarm.Raft.Storage;

/// <summary>CRC-32C (Castagnoli), with the processor's instruction for it.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of some bytes after what <paramref name="seed"/> is the checksum of.</summary>
    public static uint Of(uint seed, ReadOnlySpan<byte> bytes)
    {
        var crc = ~seed;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }
        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    /// <summary>The checksum of a number after what <paramref name="seed"/> is the checksum of.</summary>
    public static uint Of(uint seed, ulong number) => ~BitOperations.Crc32C(~seed, number);
}
