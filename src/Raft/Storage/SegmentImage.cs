namespace Swarm.Raft.Storage;

/// <summary>The bytes with which a segment begins its life: the header, and what was in the segment it
/// replaces.</summary>
/// <param name="entries">In order.</param>
/// <param name="state">After them; null when it is the header's.</param>
/// <param name="isSealed">The segment is encrypted.</param>
internal sealed class SegmentImage(IReadOnlyList<RaftEntry> entries, HardState? state, bool isSealed)
{
    /// <summary>Length of the records.</summary>
    public long LengthBytes { get; } =
        entries.Sum(e => (long)RecordCodec.LengthOf(e.Data.Length, isSealed))
        + (state is null ? 0 : RecordCodec.LengthOf(SegmentWriter.VoteBytes, isSealed));

    /// <summary>Header and records as stored, the codec for what follows, and the CRC of the last record.</summary>
    public (byte[] Bytes, RecordCodec Codec, uint LastCrc) Encode(SegmentHeader header, FileCipher? cipher)
    {
        var bytes = new byte[LengthBytes == 0 ? SegmentHeader.LengthBytes : header.DataStart + LengthBytes];
        var codec = new RecordCodec(header.Write(bytes, cipher), cipher);
        var (at, crc) = (header.DataStart, header.PreviousCrc);
        foreach (var entry in entries)
            Put(Record.Of(entry, crc, (uint)header.DataStart), entry.Data.Span);
        Span<byte> vote = stackalloc byte[SegmentWriter.VoteBytes];
        if (state is { } last)
            Put(Record.Of(last, vote, crc, (uint)header.DataStart), vote);
        return (bytes, codec, crc);

        void Put(in Record record, ReadOnlySpan<byte> data)
        {
            crc = codec.Write(bytes.AsSpan(at), record, data, at);
            at += codec.LengthOf(data.Length);
        }
    }
}
