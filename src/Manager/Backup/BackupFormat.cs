using System.Buffers.Binary;
using System.Numerics;

namespace Swarm.Manager.Backup;

/// <summary>Numbers of the file; docs/design/recovery.md draws it.</summary>
internal static class BackupFormat
{
    /// <summary>The newest form of the file that this program reads, and the one that it writes.</summary>
    internal const uint Version = 1;

    internal const int MagicBytes = 8;

    /// <summary>Magic, version and length of the header.</summary>
    internal const int PrefixBytes = MagicBytes + sizeof(uint) + sizeof(uint);

    internal const int MaxHeaderBytes = 64 << 10;

    internal const int DigestBytes = 32;

    /// <summary>Plain bytes of one block.</summary>
    internal const int BlockBytes = 64 << 10;

    /// <summary>Length and checksum before a block.</summary>
    internal const int BlockHeadBytes = sizeof(uint) + sizeof(uint);

    internal const int TagBytes = 16;

    internal const int NonceBytes = 12;

    /// <summary>Set in the length of the last block: nothing can be cut off behind a block.</summary>
    internal const uint LastBlock = 0x8000_0000;

    /// <summary>End magic, number of blocks, digest of the whole file before the digest.</summary>
    internal const int TrailerBytes = MagicBytes + sizeof(ulong) + DigestBytes;

    internal static ReadOnlySpan<byte> Magic => "SWRMBKUP"u8;

    internal static ReadOnlySpan<byte> EndMagic => "SWRMBEND"u8;

    /// <summary>CRC-32C over number and head of a block and its bytes: a block fits one place of the file.</summary>
    internal static uint Checksum(ulong number, uint length, ReadOnlySpan<byte> bytes)
    {
        var crc = BitOperations.Crc32C(uint.MaxValue, number);
        crc = BitOperations.Crc32C(crc, length);
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }
}
