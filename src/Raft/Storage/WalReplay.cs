using System.Buffers.Binary;

namespace Swarm.Raft.Storage;

/// <summary>Where the records of a segment end, and what was found there.</summary>
/// <param name="Offset">End of the good records.</param>
/// <param name="Closed">The segment says that the next one is there.</param>
internal readonly record struct SegmentEnd(int Offset, bool Closed)
{
    /// <summary>Lowest index of an entry in the segment; the greatest number when there is none.</summary>
    public ulong LowestIndex { get; init; }

    /// <summary>Highest index of an entry in the segment; 0 when there is none.</summary>
    public ulong HighestIndex { get; init; }

    /// <summary>Bytes that were mended from the copy of the last write.</summary>
    public int MendedBytes { get; init; }
}

/// <summary>Reads segments in order and rebuilds what they say.</summary>
internal sealed class WalReplay
{
    /// <summary>A record begins with fewer zeros than this: its magic is not far.</summary>
    private const int LeadingZeros = 16;
    private readonly List<RaftEntry> _entries = [];
    private SegmentEnd _end;
    private bool _begun;

    public HardState HardState { get; private set; }

    public IReadOnlyList<RaftEntry> Entries => _entries;

    public ulong NextIndex { get; private set; } = 1;

    /// <summary>Index of the first entry that is there, or would be.</summary>
    public ulong FirstIndex { get; private set; } = 1;

    /// <summary>Term of the entry before the first, if it is known.</summary>
    public ulong? BaseTerm { get; private set; } = 0;

    /// <summary>CRC of the last good record; of the one before the segment at its beginning.</summary>
    public uint LastCrc { get; private set; }

    private ulong LastTerm => _entries.Count > 0 ? _entries[^1].Term : BaseTerm ?? 0;

    /// <summary>Applies the records of one segment. What can be mended in its bytes is mended.</summary>
    public SegmentEnd Read(string path, byte[] segment, SegmentHeader header, RecordCodec codec)
    {
        Follow(path, header);
        var copies = LastWriteCopy.Find(segment, header, codec.Seed);
        _end = new SegmentEnd(header.DataStart, false) { LowestIndex = ulong.MaxValue };
        do
        {
            ReadRecords(path, segment, codec);
        }
        while (!_end.Closed && TryMend(segment, copies));
        if (!_end.Closed)
            CheckTail(path, segment, header, codec);
        return _end;
    }

    private void Follow(string path, SegmentHeader header)
    {
        if (!_begun)
        {
            (FirstIndex, NextIndex, LastCrc) = (header.NextIndex, header.NextIndex, header.PreviousCrc);
            (HardState, BaseTerm) = (header.HardState, header.PreviousTerm);
            _begun = true;
        }
        else if (header.NextIndex != NextIndex || header.PreviousCrc != LastCrc || header.HardState != HardState
            || header.PreviousTerm != LastTerm)
        {
            throw new StorageCorruptException(path, 0, "the segment does not follow the one before it");
        }
    }

    private void ReadRecords(string path, byte[] segment, RecordCodec codec)
    {
        while (codec.TryRead(segment.AsSpan(_end.Offset), out var record) && record.PreviousCrc == LastCrc)
        {
            if (record.Kind == RecordKind.Closed)
            {
                _end = _end with { Closed = true };
                return;
            }
            var data = codec.Open(segment.AsSpan(_end.Offset), record, _end.Offset)
                ?? throw new StorageCorruptException(
                    path, _end.Offset, "a record was altered: its checksum fits, its seal does not");
            Apply(path, record, data);
            LastCrc = record.Crc;
            _end = _end with { Offset = _end.Offset + codec.LengthOf(record.DataBytes) };
        }
    }

    /// <summary>Puts the copy of a write where the write cannot be read. False when there is none, or it is there
    /// already.</summary>
    private bool TryMend(byte[] segment, List<(int Offset, Range Bytes)> copies)
    {
        foreach (var (offset, range) in copies)
        {
            var copy = segment.AsSpan(range);
            var original = segment.AsSpan(offset, copy.Length);
            if (offset > _end.Offset || offset + copy.Length <= _end.Offset || copy.SequenceEqual(original))
                continue;
            copy.CopyTo(original);
            _end = _end with { MendedBytes = _end.MendedBytes + copy.Length };
            return true;
        }
        return false;
    }

    /// <summary>
    /// The bad or absent record at the end of the good ones is a torn tail if nothing shows that it was durable once.
    /// Then nothing of it was acknowledged.
    /// </summary>
    private void CheckTail(string path, byte[] segment, SegmentHeader header, RecordCodec codec)
    {
        var end = _end.Offset;
        if (Planted.Breaks(Rule.R23))
            return;
        if (end < header.DurableEnd)
            throw new StorageCorruptException(path, end, "a record cannot be read that was durable before");
        foreach (var (offset, _) in LastWriteCopy.Find(segment, header, codec.Seed))
        {
            if (offset > end)
                throw new StorageCorruptException(
                    path, end, $"a record cannot be read, but there is the copy of a later one (at {offset})");
        }
        var at = NextUsed(segment, end);
        for (; at + RecordCodec.HeaderBytes <= segment.Length; at = NextUsed(segment, at + RecordCodec.Alignment))
        {
            if (codec.TryRead(segment.AsSpan(at), out var later) && later.EpochStart > end)
                throw new StorageCorruptException(
                    path, end, $"a record cannot be read, but one that was written after it (at {at}) can");
        }
    }

    /// <summary>The next place where a record may be: records are aligned, and do not begin with zeros only.</summary>
    private static int NextUsed(byte[] segment, int from)
    {
        if (from >= segment.Length)
            return segment.Length;
        var skipped = segment.AsSpan(from).IndexOfAnyExcept((byte)0);
        return skipped < 0
            ? segment.Length
            : Math.Max(from, (from + skipped - LeadingZeros) & ~(RecordCodec.Alignment - 1));
    }

    private void Apply(string path, in Record record, byte[] data)
    {
        if (record.Kind == RecordKind.HardState)
            ApplyHardState(path, record, data);
        else if (record.Kind == RecordKind.Entry)
            ApplyEntry(path, record, data);
    }

    private void ApplyEntry(string path, in Record record, byte[] data)
    {
        var (index, offset) = (record.Index, _end.Offset);
        if (index == 0 || index > NextIndex)
            throw new StorageCorruptException(path, offset, $"entry {index} follows entry {NextIndex - 1}");
        if (index <= HardState.Commit)
            throw new StorageCorruptException(
                path, offset, $"entry {index} is written again although {HardState.Commit} was committed");
        if (index < FirstIndex)
            (FirstIndex, BaseTerm) = (index, null);
        var kept = (int)(index - FirstIndex);
        if (kept < _entries.Count)
            _entries.RemoveRange(kept, _entries.Count - kept);
        if (record.Term < LastTerm)
            throw new StorageCorruptException(path, offset, $"the term falls at entry {index}");
        _entries.Add(new RaftEntry(index, record.Term, record.Type, data));
        NextIndex = index + 1;
        _end = _end with
        {
            LowestIndex = Math.Min(_end.LowestIndex, index),
            HighestIndex = Math.Max(_end.HighestIndex, index),
        };
    }

    private void ApplyHardState(string path, in Record record, byte[] data)
    {
        if (data.Length != SegmentWriter.VoteBytes)
            throw new StorageCorruptException(path, _end.Offset, "a hard state has no vote");
        var next = new HardState(
            record.Term, new RaftId(BinaryPrimitives.ReadUInt64LittleEndian(data)), record.Index);
        if (next.Term < HardState.Term || next.Commit < HardState.Commit || next.Commit >= NextIndex)
            throw new StorageCorruptException(
                path, _end.Offset, $"{next} cannot follow {HardState} in a log that ends at {NextIndex - 1}");
        HardState = next;
    }
}
