using System.Buffers.Binary;

namespace Swarm.Raft.Storage;

/// <summary>Reads segments in order and rebuilds what they say.</summary>
internal sealed class WalReplay
{
    private readonly List<RaftEntry> _entries = [];

    public HardState HardState { get; private set; }

    public IReadOnlyList<RaftEntry> Entries => _entries;

    public ulong NextIndex { get; private set; } = 1;

    /// <summary>CRC of the last good record; of the header before the first.</summary>
    public uint LastCrc { get; private set; }

    /// <summary>Applies the records of one segment and returns where they end.</summary>
    public int Read(string file, ReadOnlySpan<byte> segment, uint salt, bool last)
    {
        var offset = WalFormat.HeaderBytes;
        while (WalFormat.TryReadRecord(segment[offset..], salt, out var record) && record.PreviousCrc == LastCrc)
        {
            Apply(file, offset, record, segment.Slice(offset + WalFormat.RecordHeaderBytes, record.DataBytes));
            LastCrc = record.Crc;
            offset += record.PaddedBytes;
        }
        CheckRest(file, segment, salt, (offset, last));
        return offset;
    }

    /// <summary>
    /// The bad or absent record at the end of the good ones is a torn tail if it is in the last segment and no later
    /// record shows that it was synced once. Then nothing of it was acknowledged.
    /// </summary>
    private static void CheckRest(string file, ReadOnlySpan<byte> segment, uint salt, (int Offset, bool Last) end)
    {
        if (!end.Last && segment[end.Offset..].ContainsAnyExcept((byte)0))
            throw new StorageCorruptException(file, end.Offset, "a record in a finished segment cannot be read");
        for (var at = end.Offset; at + WalFormat.RecordHeaderBytes <= segment.Length; at += WalFormat.Alignment)
        {
            if (WalFormat.TryReadRecord(segment[at..], salt, out var later) && later.EpochStart > end.Offset)
                throw new StorageCorruptException(
                    file, end.Offset, $"a record cannot be read, but one that was written after it (at {at}) can");
        }
    }

    private void Apply(string file, int offset, WalFormat.Record record, ReadOnlySpan<byte> data)
    {
        if (record.Kind == WalFormat.Kind.HardState)
        {
            ApplyHardState(file, offset, record, data);
            return;
        }
        if (record.Index == 0 || record.Index > NextIndex)
            throw new StorageCorruptException(file, offset, $"entry {record.Index} follows entry {NextIndex - 1}");
        if (record.Index <= HardState.Commit)
            throw new StorageCorruptException(
                file, offset, $"entry {record.Index} is written again although {HardState.Commit} was committed");
        _entries.RemoveRange((int)(record.Index - 1), _entries.Count - (int)(record.Index - 1));
        if (_entries.Count > 0 && record.Term < _entries[^1].Term)
            throw new StorageCorruptException(file, offset, $"the term falls at entry {record.Index}");
        _entries.Add(new(record.Index, record.Term, record.Type, data.ToArray()));
        NextIndex = record.Index + 1;
    }

    private void ApplyHardState(string file, int offset, WalFormat.Record record, ReadOnlySpan<byte> data)
    {
        var next = new HardState(
            record.Term, new RaftId(BinaryPrimitives.ReadUInt64LittleEndian(data)), record.Index);
        if (next.Term < HardState.Term || next.Commit < HardState.Commit || next.Commit >= NextIndex)
            throw new StorageCorruptException(
                file, offset, $"{next} cannot follow {HardState} in a log that ends at {NextIndex - 1}");
        HardState = next;
    }
}
