using System.Buffers.Binary;
using System.Text;

namespace Swarm.Raft.Storage;

/// <summary>
/// The first sector of a segment, written once, before the segment has its name. Little-endian:
/// <code>
///   0 magic 8 · 8 version 4 · 12 CRC of the last record before 4 · 16 sequence 8 · 24 next index 8 · 32 term before 8
///  40 member id 8 · 48 segment bytes 8 · 56 durable end 8 · 64 hard state: term 8, vote 8, commit 8 · 88 slot bytes 4
///  92 flags 4 · 96 key id 16 · 112 salt 32 · 144 seal 16 · 160 cluster id length 2 + bytes · 508 CRC-32C of all before
/// </code>
/// </summary>
internal sealed record SegmentHeader
{
    public const int LengthBytes = 512;
    public const uint FormatVersion = 2;
    private const ulong Magic = 0x314C_4157_4D52_5753; // "SWRMWAL1"
    private const int SealAt = 144;
    private const int NameAt = 160;
    private const int CrcAt = LengthBytes - sizeof(uint);
    private const uint BaseFlag = 1;

    public required string ClusterId { get; init; }

    public required RaftId Id { get; init; }

    public required ulong Sequence { get; init; }

    /// <summary>Index that the next entry had when the segment was begun.</summary>
    public required ulong NextIndex { get; init; }

    /// <summary>Term of the entry before <see cref="NextIndex"/>; 0 when there is none.</summary>
    public required ulong PreviousTerm { get; init; }

    public required uint PreviousCrc { get; init; }

    /// <summary>The hard state when the segment was begun, so that older segments can go.</summary>
    public required HardState HardState { get; init; }

    /// <summary>The log begins here, with a snapshot of another member; segments before are void.</summary>
    public bool IsBase { get; init; }

    public required long SegmentBytes { get; init; }

    /// <summary>Up to here records were durable before the segment had its name.</summary>
    public long DurableEnd { get; init; }

    /// <summary>Length of each of the two places for a copy of the last write.</summary>
    public required int SlotBytes { get; init; }

    public required Guid KeyId { get; init; }

    public required byte[] Salt { get; init; }

    public int SlotStart => SlotBytes < IDisk.PageBytes ? LengthBytes : IDisk.PageBytes;

    /// <summary>No page holds two of header, slots and records.</summary>
    public bool HasPages => SlotBytes >= IDisk.PageBytes && SlotBytes % IDisk.PageBytes == 0;

    /// <summary>Offset of the first record.</summary>
    public int DataStart => SlotStart + (2 * SlotBytes);

    public string Purpose => $"swarm raft segment {FormatVersion}\0{ClusterId}\0{Id}\0{Sequence}";

    /// <summary>Writes the header and returns the seed of its records' checksums.</summary>
    public uint Write(Span<byte> target, FileCipher? cipher)
    {
        target = target[..LengthBytes];
        target.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], FormatVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], PreviousCrc);
        ReadOnlySpan<ulong> numbers =
        [
            Sequence, NextIndex, PreviousTerm, Id.Value, (ulong)SegmentBytes, (ulong)DurableEnd,
            HardState.Term, HardState.Vote.Value, HardState.Commit,
        ];
        for (var i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(target[(16 + (8 * i))..], numbers[i]);
        BinaryPrimitives.WriteInt32LittleEndian(target[88..], SlotBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(target[92..], IsBase ? BaseFlag : 0);
        KeyId.TryWriteBytes(target[96..], bigEndian: true, out _);
        Salt.CopyTo(target[112..]);
        HeaderText.Write(target[NameAt..], ClusterId);
        cipher?.Seal(FileCipher.HeaderPosition, [], [], target.Slice(SealAt, FileCipher.TagBytes), target[..SealAt]);
        var crc = Crc32C.Of(0, target[..CrcAt]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[CrcAt..], crc);
        return crc;
    }

    /// <summary>Of a file; null when it does not begin with a whole header.</summary>
    /// <exception cref="StorageRefusedException">It is of another format.</exception>
    public static SegmentHeader? Read(IDisk disk, string path)
    {
        using var file = disk.Open(path);
        if (file.LengthBytes < LengthBytes)
            return null;
        Span<byte> bytes = stackalloc byte[LengthBytes];
        file.Read(0, bytes);
        return Read(path, bytes);
    }

    /// <summary>Null when the bytes are not a whole header.</summary>
    /// <exception cref="StorageRefusedException">It is of another format.</exception>
    public static SegmentHeader? Read(string path, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < LengthBytes || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic)
            return null;
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (CrcOf(bytes) != Crc32C.Of(0, bytes[..CrcAt]))
            return null;
        if (version != FormatVersion)
            throw new StorageRefusedException(
                $"{path} has format {version}, this program reads {FormatVersion}: use the program that wrote it");
        var slot = BinaryPrimitives.ReadInt32LittleEndian(bytes[88..]);
        return new SegmentHeader
        {
            ClusterId = HeaderText.Read(bytes[NameAt..]),
            Id = new RaftId(Number(bytes, 3)),
            Sequence = Number(bytes, 0),
            NextIndex = Number(bytes, 1),
            PreviousTerm = Number(bytes, 2),
            PreviousCrc = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            HardState = new HardState(Number(bytes, 6), new RaftId(Number(bytes, 7)), Number(bytes, 8)),
            IsBase = (BinaryPrimitives.ReadUInt32LittleEndian(bytes[92..]) & BaseFlag) != 0,
            SegmentBytes = (long)Number(bytes, 4),
            DurableEnd = (long)Number(bytes, 5),
            SlotBytes = slot,
            KeyId = new Guid(bytes.Slice(96, 16), bigEndian: true),
            Salt = bytes.Slice(112, FileCipher.SaltBytes).ToArray(),
        };
    }

    /// <summary>Seed of the checksums of the records.</summary>
    public static uint CrcOf(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32LittleEndian(header[CrcAt..]);

    /// <summary>The key is the one that sealed this header.</summary>
    public static bool IsSealedBy(ReadOnlySpan<byte> header, FileCipher cipher)
    {
        return cipher.TryOpen(
            FileCipher.HeaderPosition, [], header.Slice(SealAt, FileCipher.TagBytes), [], header[..SealAt]);
    }

    private static ulong Number(ReadOnlySpan<byte> bytes, int at) =>
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[(16 + (8 * at))..]);
}
