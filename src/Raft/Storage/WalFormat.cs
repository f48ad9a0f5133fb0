using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Swarm.Raft.Storage;

/// <summary>
/// Bytes of a segment. Header (<see cref="HeaderBytes"/>), then records, then zeros. All numbers are little-endian,
/// records start at multiples of 8.
/// <code>
/// header  0 magic 8 · 8 version 4 · 12 CRC of the last record before 4 · 16 sequence 8 · 24 next index 8
///         32 member id 8 · 40 segment bytes 8 · 48 cluster id length 2 + bytes · 252 CRC-32C of all before 4
/// record  0 data length 4 · 4 CRC-32C 4 · 8 CRC of the record before 4 · 12 epoch start 4
///         16 magic 2 · 18 kind 1 · 19 entry type 1 · 20 zero 4 · 24 index 8 · 32 term 8 · 40 data
/// </code>
/// A record's CRC starts from the header's, so a record of another segment or another member never fits. "Epoch start"
/// is the offset of the first byte that was written since the last sync: a good record whose epoch starts after a bad
/// one proves that the bad one was durable once.
/// </summary>
internal static class WalFormat
{
    public const int HeaderBytes = 256;
    public const int RecordHeaderBytes = 40;
    public const int Alignment = 8;
    public const uint FormatVersion = 1;
    private const ulong HeaderMagic = 0x314C_4157_4D52_5753; // "SWRMWAL1"
    private const ushort RecordMagic = 0x5257;

    public enum Kind : byte
    {
        Entry = 1,
        HardState = 2,
    }

    public readonly record struct Header(
        string ClusterId, RaftId Id, ulong Sequence, ulong NextIndex, uint PreviousCrc, long SegmentBytes);

    public readonly record struct Record(
        Kind Kind, EntryType Type, uint Crc, uint PreviousCrc, uint EpochStart, ulong Index, ulong Term, int DataBytes)
    {
        public int PaddedBytes => Padded(DataBytes);
    }

    public static int Padded(int dataBytes) => (RecordHeaderBytes + dataBytes + Alignment - 1) & ~(Alignment - 1);

    /// <summary>Writes a header and returns the salt of the segment's records.</summary>
    public static uint WriteHeader(Span<byte> target, Header h)
    {
        target = target[..HeaderBytes];
        target.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(target, HeaderMagic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], FormatVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], h.PreviousCrc);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], h.Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], h.NextIndex);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], h.Id.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[40..], h.SegmentBytes);
        var length = Encoding.UTF8.GetBytes(h.ClusterId, target[50..(HeaderBytes - 4)]);
        BinaryPrimitives.WriteUInt16LittleEndian(target[48..], (ushort)length);
        var crc = Crc(0, target[..(HeaderBytes - 4)]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[(HeaderBytes - 4)..], crc);
        return crc;
    }

    public static bool TryReadHeader(ReadOnlySpan<byte> bytes, out Header header, out uint salt)
    {
        header = default;
        salt = 0;
        if (bytes.Length < HeaderBytes || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != HeaderMagic)
            return false;
        salt = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(HeaderBytes - 4)..]);
        var length = BinaryPrimitives.ReadUInt16LittleEndian(bytes[48..]);
        if (salt != Crc(0, bytes[..(HeaderBytes - 4)]) || length > HeaderBytes - 4 - 50
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) != FormatVersion)
            return false;
        header = new(
            Encoding.UTF8.GetString(bytes.Slice(50, length)),
            new RaftId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..])),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]));
        return true;
    }

    /// <summary>Writes a record, padding included, and returns its CRC. The record's own CRC field is not
    /// read.</summary>
    public static uint WriteRecord(Span<byte> target, Record r, ReadOnlySpan<byte> data, uint salt)
    {
        target = target[..r.PaddedBytes];
        target.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(target, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], r.PreviousCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], r.EpochStart);
        BinaryPrimitives.WriteUInt16LittleEndian(target[16..], RecordMagic);
        target[18] = (byte)r.Kind;
        target[19] = (byte)r.Type;
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], r.Index);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], r.Term);
        data.CopyTo(target[RecordHeaderBytes..]);
        var crc = RecordCrc(salt, target);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], crc);
        return crc;
    }

    /// <summary>A record that is whole in itself; whether it belongs here is for its previous CRC to say.</summary>
    public static bool TryReadRecord(ReadOnlySpan<byte> bytes, uint salt, out Record record)
    {
        record = default;
        if (bytes.Length < RecordHeaderBytes || BinaryPrimitives.ReadUInt16LittleEndian(bytes[16..]) != RecordMagic)
            return false;
        var dataBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (dataBytes < 0 || dataBytes > bytes.Length - RecordHeaderBytes || Padded(dataBytes) > bytes.Length)
            return false;
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        if (crc != RecordCrc(salt, bytes[..Padded(dataBytes)]))
            return false;
        record = new(
            (Kind)bytes[18], (EntryType)bytes[19], crc,
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]),
            dataBytes);
        return record.Kind is Kind.Entry or Kind.HardState && record.Type <= EntryType.NoOp;
    }

    private static uint RecordCrc(uint salt, ReadOnlySpan<byte> record) =>
        Crc(Crc(salt, record[..4]), record[8..]);

    private static uint Crc(uint seed, ReadOnlySpan<byte> bytes)
    {
        var crc = ~seed;
        while (bytes.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }
        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
