using System.Buffers.Binary;

namespace Swarm.Raft.Storage;

/// <summary>
/// The first sector of a snapshot file. Little-endian:
/// <code>
///  0 magic 8 · 8 version 4 · 12 block bytes 4 · 16 index 8 · 24 term 8 · 32 member id 8 · 40 key id 16 · 56 salt 32
/// 88 seal 16 · 104 cluster id length 2 + bytes · 508 CRC-32C of all before
/// </code>
/// </summary>
internal sealed record SnapshotHeader
{
    public const int LengthBytes = 512;
    private const uint FormatVersion = 1;
    private const ulong Magic = 0x3150_4E53_4D52_5753; // "SWRMSNP1"
    private const int SealAt = 88;
    private const int NameAt = 104;
    private const int CrcAt = LengthBytes - sizeof(uint);

    public required string ClusterId { get; init; }

    public required RaftId Id { get; init; }

    public required ulong Index { get; init; }

    public required ulong Term { get; init; }

    public required Guid KeyId { get; init; }

    public required byte[] Salt { get; init; }

    public string Purpose => $"swarm raft snapshot {FormatVersion}\0{ClusterId}\0{Id}\0{Index}\0{Term}";

    /// <summary>Writes the header and returns the seed of the checksums of the blocks.</summary>
    public uint Write(Span<byte> target, FileCipher? cipher)
    {
        target = target[..LengthBytes];
        target.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], FormatVersion);
        BinaryPrimitives.WriteInt32LittleEndian(target[12..], SnapshotBlocks.DataBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], Index);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], Term);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], Id.Value);
        KeyId.TryWriteBytes(target[40..], bigEndian: true, out _);
        Salt.CopyTo(target[56..]);
        HeaderText.Write(target[NameAt..], ClusterId);
        cipher?.Seal(FileCipher.HeaderPosition, [], [], target.Slice(SealAt, FileCipher.TagBytes), target[..SealAt]);
        var crc = Crc32C.Of(0, target[..CrcAt]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[CrcAt..], crc);
        return crc;
    }

    /// <exception cref="StorageCorruptException">The bytes are not a whole header.</exception>
    /// <exception cref="StorageRefusedException">It is of another format.</exception>
    public static SnapshotHeader Read(string path, ReadOnlySpan<byte> bytes)
    {
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic || CrcOf(bytes) != Crc32C.Of(0, bytes[..CrcAt]))
            throw new StorageCorruptException(path, 0, "the header cannot be read");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (version != FormatVersion || BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]) != SnapshotBlocks.DataBytes)
            throw new StorageRefusedException(
                $"{path} has format {version}, this program reads {FormatVersion}: use the program that wrote it");
        return new SnapshotHeader
        {
            ClusterId = HeaderText.Read(bytes[NameAt..]),
            Id = new RaftId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..])),
            Index = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
            Term = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
            KeyId = new Guid(bytes.Slice(40, 16), bigEndian: true),
            Salt = bytes.Slice(56, FileCipher.SaltBytes).ToArray(),
        };
    }

    /// <summary>Seed of the checksums of the blocks.</summary>
    public static uint CrcOf(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32LittleEndian(header[CrcAt..]);

    /// <summary>The key is the one that sealed this header.</summary>
    public static bool IsSealedBy(ReadOnlySpan<byte> header, FileCipher cipher) => cipher.TryOpen(
        FileCipher.HeaderPosition, [], header.Slice(SealAt, FileCipher.TagBytes), [], header[..SealAt]);
}
