using System.Buffers.Binary;

namespace Swarm.Raft.Storage;

/// <summary>
/// Blocks of a snapshot file, of one length but for the last, and the trailer that says how many there are:
/// <code>
/// block    0 data length 4 · 4 CRC-32C of number, length, data and seal 4 · 8 data as stored · seal 16 (zeros: none)
/// trailer  0 magic 8 · 8 data bytes 8 · 16 CRC-32C of the blocks' CRCs 4 · 20 zero 4 · 24 seal 16 · 40 zero 4
///          44 CRC-32C of all before
/// </code>
/// The CRCs start from the header's, so no block fits another file.
/// </summary>
internal sealed class SnapshotBlocks(uint seed, FileCipher? cipher) : IDisposable
{
    /// <summary>Data of a block that is not the last.</summary>
    public const int DataBytes = 64 << 10;

    public const int HeaderBytes = 8;
    public const int BlockBytes = HeaderBytes + DataBytes + FileCipher.TagBytes;
    public const int TrailerBytes = 48;
    private const ulong TrailerMagic = 0x444E_4550_414E_5357; // "WSNAPEND"
    private const int SealAt = 24;
    private const int TrailerCrcAt = 44;

    public static long OffsetOf(long block) => SnapshotHeader.LengthBytes + (block * BlockBytes);

    /// <summary>Length of the longest block of a file that holds so much data.</summary>
    public static int LongestBlockBytes(long dataBytes) =>
        HeaderBytes + (int)Math.Min(dataBytes, DataBytes) + FileCipher.TagBytes;

    /// <summary>Length of a file that holds so much data.</summary>
    public static long FileBytes(long dataBytes)
    {
        var whole = dataBytes / DataBytes;
        var rest = dataBytes % DataBytes;
        return OffsetOf(whole) + (rest == 0 ? 0 : HeaderBytes + rest + FileCipher.TagBytes) + TrailerBytes;
    }

    /// <summary>Completes a block whose data is in its place, and returns its CRC.</summary>
    public uint Complete(Span<byte> block, long number)
    {
        var dataBytes = block.Length - HeaderBytes - FileCipher.TagBytes;
        BinaryPrimitives.WriteInt32LittleEndian(block, dataBytes);
        var data = block.Slice(HeaderBytes, dataBytes);
        var tag = block[^FileCipher.TagBytes..];
        tag.Clear();
        cipher?.Seal((ulong)number, data, data, tag, block[..sizeof(int)]);
        var crc = CrcOf(block, number);
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], crc);
        return crc;
    }

    /// <summary>The CRC of a block as it is stored; null when it is damaged.</summary>
    public uint? Check(ReadOnlySpan<byte> block, long number)
    {
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        return BinaryPrimitives.ReadInt32LittleEndian(block) == block.Length - HeaderBytes - FileCipher.TagBytes
            && crc == CrcOf(block, number) ? crc : null;
    }

    /// <summary>Decrypts a block in its place. False when it is not what was sealed.</summary>
    public bool TryOpen(Span<byte> block, long number)
    {
        var data = block[HeaderBytes..^FileCipher.TagBytes];
        return cipher is null
            || cipher.TryOpen((ulong)number, data, block[^FileCipher.TagBytes..], data, block[..sizeof(int)]);
    }

    public void WriteTrailer(Span<byte> target, long dataBytes, uint chain)
    {
        target.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(target, TrailerMagic);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], dataBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(target[16..], chain);
        cipher?.Seal(
            FileCipher.TrailerPosition, [], [], target.Slice(SealAt, FileCipher.TagBytes), target[..SealAt]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[TrailerCrcAt..], Crc32C.Of(seed, target[..TrailerCrcAt]));
    }

    /// <summary>What the trailer says; null when it is damaged.</summary>
    public (long DataBytes, uint Chain)? ReadTrailer(ReadOnlySpan<byte> bytes)
    {
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes) != TrailerMagic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[TrailerCrcAt..]) != Crc32C.Of(seed, bytes[..TrailerCrcAt])
            || cipher?.TryOpen(
                FileCipher.TrailerPosition, [], bytes.Slice(SealAt, FileCipher.TagBytes), [], bytes[..SealAt]) == false)
            return null;
        return (BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]));
    }

    public void Dispose() => cipher?.Dispose();

    private uint CrcOf(ReadOnlySpan<byte> block, long number) =>
        Crc32C.Of(Crc32C.Of(Crc32C.Of(seed, (ulong)number), block[..4]), block[8..]);
}
