using System.Buffers.Binary;

namespace Swarm.Raft.Storage;

/// <summary>
/// The copy of the last synced write, in one of two places before the records of its segment. It is written with the
/// same sync, so when the sync has returned there are two copies of what nothing after it proves durable yet: damage of
/// one is mended from the other instead of being taken for a torn tail. The places alternate, so a write that is torn
/// never takes the copy of the one before with it.
/// <code>0 magic 4 · 4 CRC-32C of the rest 4 · 8 offset of the original 4 · 12 length 4 · 16 the bytes as stored</code>
/// </summary>
internal static class LastWriteCopy
{
    public const int HeaderBytes = 16;
    private const uint Magic = 0x59504F43;
    private const int MaxSlotBytes = 64 << 10;
    private const int SectorBytes = 512;
    private const int SegmentShare = 16;

    /// <summary>Length of a place in a segment of a length; longer writes are followed by a mark and a second
    /// sync.</summary>
    public static int SlotBytesFor(long segmentBytes) =>
        (int)Math.Clamp(segmentBytes / SegmentShare / SectorBytes * SectorBytes, SectorBytes, MaxSlotBytes);

    /// <summary>Puts the header before bytes that are there already.</summary>
    public static void Complete(Span<byte> copy, long offset, uint seed)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(copy, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(copy[8..], (uint)offset);
        BinaryPrimitives.WriteInt32LittleEndian(copy[12..], copy.Length - HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(copy[4..], Crc32C.Of(seed, copy[8..]));
    }

    /// <summary>
    /// The copies in a segment: where their originals are. One that cannot be read, or was never written, is not
    /// listed.
    /// </summary>
    public static List<(int Offset, Range Bytes)> Find(ReadOnlySpan<byte> segment, SegmentHeader header, uint seed)
    {
        var found = new List<(int, Range)>();
        for (var slot = 0; slot < 2 && header.SlotBytes > HeaderBytes; slot++)
        {
            var start = header.SlotStart + (slot * header.SlotBytes);
            var bytes = segment.Slice(start, header.SlotBytes);
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
            var offset = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
                || length <= 0 || length > header.SlotBytes - HeaderBytes
                || offset < header.DataStart || offset + length > segment.Length
                || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..])
                    != Crc32C.Of(seed, bytes[8..(HeaderBytes + length)]))
                continue;
            found.Add(((int)offset, (start + HeaderBytes)..(start + HeaderBytes + length)));
        }
        return found;
    }
}
