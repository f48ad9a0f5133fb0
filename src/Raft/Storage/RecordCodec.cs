using System.Buffers.Binary;

namespace Swarm.Raft.Storage;

/// <summary>What a record says. The numbers are on disk.</summary>
internal enum RecordKind : byte
{
    /// <summary>An entry; it replaces what was from its index on.</summary>
    Entry = 1,

    /// <summary>A hard state: its commit is in the index, its vote is the data.</summary>
    HardState = 2,

    /// <summary>What is before it was durable when it was written: it follows a write that was too long for a
    /// copy.</summary>
    Mark = 3,

    /// <summary>The segment is finished and the next one is there; its sequence is in the index. Not part of the
    /// chain.</summary>
    Closed = 4,
}

/// <summary>A record without its data.</summary>
internal readonly record struct Record(
    RecordKind Kind, EntryType Type, uint PreviousCrc, uint EpochStart, ulong Index, ulong Term)
{
    public uint Crc { get; init; }

    public int DataBytes { get; init; }

    public static Record Of(RaftEntry entry, uint previousCrc, uint epochStart) =>
        new(RecordKind.Entry, entry.Type, previousCrc, epochStart, entry.Index, entry.Term);

    /// <summary>Fills the vote in, which is the record's data.</summary>
    public static Record Of(HardState state, Span<byte> vote, uint previousCrc, uint epochStart)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(vote, state.Vote.Value);
        return new(RecordKind.HardState, EntryType.Normal, previousCrc, epochStart, state.Commit, state.Term);
    }
}

/// <summary>
/// Records of one segment, at multiples of 8. Little-endian:
/// <code>
/// 0 data length 4 · 4 CRC-32C 4 · 8 CRC of the record before 4 · 12 epoch start 4
/// 16 magic 2 · 18 kind 1 · 19 entry type 1 · 20 zero 4 · 24 index 8 · 32 term 8 · 40 data · seal 16 if encrypted
/// </code>
/// The CRC starts from the header's and covers what is stored, so damage is found without a key, and a record of
/// another segment or member never fits. The seal binds everything but the CRC. "Epoch start" is the offset of the
/// first byte that was written since the last sync: a good record whose epoch starts after a bad one proves that the
/// bad one was durable once.
/// </summary>
internal sealed class RecordCodec(uint seed, FileCipher? cipher) : IDisposable
{
    public const int HeaderBytes = 40;
    public const int Alignment = 8;
    private const int BoundAt = 8;
    private const int BoundBytes = HeaderBytes - BoundAt + sizeof(int);
    private const ushort Magic = 0x5257;

    public uint Seed => seed;

    /// <summary>What a record with so much data takes.</summary>
    public static int LengthOf(int dataBytes, bool isSealed) =>
        (HeaderBytes + dataBytes + (isSealed ? FileCipher.TagBytes : 0) + Alignment - 1) & ~(Alignment - 1);

    public int LengthOf(int dataBytes) => LengthOf(dataBytes, cipher is not null);

    /// <summary>Writes a record for an offset of the file, padding included, and returns its CRC.</summary>
    public uint Write(Span<byte> target, in Record r, ReadOnlySpan<byte> data, long offset)
    {
        target = target[..LengthOf(data.Length)];
        target[..HeaderBytes].Clear();
        target[(HeaderBytes + data.Length)..].Clear();
        BinaryPrimitives.WriteInt32LittleEndian(target, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], r.PreviousCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], r.EpochStart);
        BinaryPrimitives.WriteUInt16LittleEndian(target[16..], Magic);
        target[18] = (byte)r.Kind;
        target[19] = (byte)r.Type;
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], r.Index);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], r.Term);
        var stored = target.Slice(HeaderBytes, data.Length);
        if (cipher is null)
        {
            data.CopyTo(stored);
        }
        else
        {
            Span<byte> bound = stackalloc byte[BoundBytes];
            Bind(bound, target);
            cipher.Seal(
                (ulong)offset, data, stored, target.Slice(HeaderBytes + data.Length, FileCipher.TagBytes), bound);
        }
        var crc = CrcOf(target);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], crc);
        return crc;
    }

    /// <summary>A record that is whole as it is stored; whether it belongs here is for its previous CRC to
    /// say.</summary>
    public bool TryRead(ReadOnlySpan<byte> bytes, out Record record)
    {
        record = default;
        if (bytes.Length < HeaderBytes || BinaryPrimitives.ReadUInt16LittleEndian(bytes[16..]) != Magic)
            return false;
        var dataBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (dataBytes < 0 || dataBytes > bytes.Length - HeaderBytes || LengthOf(dataBytes) > bytes.Length)
            return false;
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        if (crc != CrcOf(bytes[..LengthOf(dataBytes)]) && !Planted.Breaks(Rule.R23Crc))
            return false;
        record = new Record(
            (RecordKind)bytes[18], (EntryType)bytes[19], BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..])) { Crc = crc, DataBytes = dataBytes };
        return record.Kind is >= RecordKind.Entry and <= RecordKind.Closed && record.Type <= EntryType.NoOp;
    }

    /// <summary>The data of a record that was read; null when it is not what was sealed.</summary>
    public byte[]? Open(ReadOnlySpan<byte> bytes, in Record record, long offset)
    {
        var data = record.DataBytes == 0 ? [] : new byte[record.DataBytes];
        var stored = bytes.Slice(HeaderBytes, record.DataBytes);
        if (cipher is null)
        {
            stored.CopyTo(data);
            return data;
        }
        Span<byte> bound = stackalloc byte[BoundBytes];
        Bind(bound, bytes);
        var tag = bytes.Slice(HeaderBytes + record.DataBytes, FileCipher.TagBytes);
        return cipher.TryOpen((ulong)offset, stored, tag, data, bound) ? data : null;
    }

    public void Dispose() => cipher?.Dispose();

    private static void Bind(Span<byte> bound, ReadOnlySpan<byte> record)
    {
        record[..sizeof(int)].CopyTo(bound);
        record[BoundAt..HeaderBytes].CopyTo(bound[sizeof(int)..]);
    }

    private uint CrcOf(ReadOnlySpan<byte> record) => Crc32C.Of(Crc32C.Of(seed, record[..4]), record[8..]);
}
