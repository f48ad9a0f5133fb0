namespace Swarm.Raft.Storage;

/// <summary>
/// The segment that is being written. A sync is one write of the records, one of their copy, and one fdatasync.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    public const int VoteBytes = 8;

    /// <summary>There is always room for a mark and for the end.</summary>
    private const int KeptRecords = 2;
    private const int FirstBufferBytes = 4 << 10;
    private readonly IDiskFile _file;
    private readonly SegmentHeader _header;
    private readonly RecordCodec _codec;
    private byte[] _buffer = new byte[FirstBufferBytes];
    private int _length = LastWriteCopy.HeaderBytes;
    private int _flushed = LastWriteCopy.HeaderBytes;
    private long _bufferStart;
    private long _epochStart;
    private int _slot;

    /// <param name="file">With its header, and records up to <paramref name="end"/>, all durable.</param>
    /// <param name="header">What the header says.</param>
    /// <param name="codec">Of this segment.</param>
    /// <param name="end">Where the next record goes.</param>
    /// <param name="lastCrc">Of the record before it.</param>
    public SegmentWriter(IDiskFile file, SegmentHeader header, RecordCodec codec, long end, uint lastCrc)
    {
        (_file, _header, _codec, LastCrc) = (file, header, codec, lastCrc);
        _bufferStart = _epochStart = end;
    }

    public SegmentHeader Header => _header;

    /// <summary>Of the last record of the chain.</summary>
    public uint LastCrc { get; private set; }

    /// <summary>Highest index of an entry that was written here; 0 when there is none.</summary>
    public ulong HighestIndex { get; set; }

    private long End => _bufferStart + _length - LastWriteCopy.HeaderBytes;

    /// <summary>Length of a segment that holds a record with so much data, and of what is kept free.</summary>
    public static long LeastBytes(int dataStart, long recordBytes, bool isSealed) =>
        dataStart + recordBytes + (KeptRecords * RecordCodec.LengthOf(0, isSealed));

    public bool Fits(int dataBytes) =>
        End + _codec.LengthOf(dataBytes) + (KeptRecords * _codec.LengthOf(0)) <= _header.SegmentBytes;

    public void Add(RaftEntry entry)
    {
        Add(Record.Of(entry, LastCrc, (uint)_epochStart), entry.Data.Span);
        HighestIndex = Math.Max(HighestIndex, entry.Index);
    }

    public void Add(HardState state)
    {
        Span<byte> vote = stackalloc byte[VoteBytes];
        Add(Record.Of(state, vote, LastCrc, (uint)_epochStart), vote);
    }

    /// <summary>Writes what was added, without a sync.</summary>
    public void Flush()
    {
        var offset = _bufferStart + _flushed - LastWriteCopy.HeaderBytes;
        if (_flushed < _length)
            _file.Write(offset, _buffer.AsSpan(_flushed, _length - _flushed));
        _flushed = _length;
        if (_length > _header.SlotBytes)
            DropBuffer();
    }

    /// <summary>All that was added is on the medium when it returns, twice if it is short enough.</summary>
    public void Sync()
    {
        Flush();
        if (End == _epochStart)
            return;
        if (!TryCopy())
        {
            SyncFile();
            BeginEpoch();
            Add(Plain(RecordKind.Mark, 0), []);
            Flush();
            TryCopy();
        }
        SyncFile();
        BeginEpoch();
    }

    /// <summary>The next segment is there: nothing is written here any more.</summary>
    public void Close()
    {
        var chained = LastCrc;
        Add(Plain(RecordKind.Closed, _header.Sequence + 1), []);
        LastCrc = chained;
        Flush();
        SyncFile();
    }

    public void Dispose()
    {
        _file.Dispose();
        _codec.Dispose();
    }

    private void SyncFile()
    {
        if (Planted.Breaks(Rule.R33))
            Planted.Swallow(_file.Sync);
        else
            _file.Sync();
    }

    private Record Plain(RecordKind kind, ulong index) =>
        new(kind, EntryType.Normal, LastCrc, (uint)_epochStart, index, 0);

    private void Add(in Record record, ReadOnlySpan<byte> data)
    {
        var needed = _codec.LengthOf(data.Length);
        if (_buffer.Length - _length < needed)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + needed));
        LastCrc = _codec.Write(_buffer.AsSpan(_length), record, data, End);
        _length += needed;
    }

    /// <summary>False when what was written since the last sync is too long, or partly gone from the buffer.</summary>
    private bool TryCopy()
    {
        if (_bufferStart != _epochStart || _length > _header.SlotBytes)
            return false;
        var copy = _buffer.AsSpan(0, _length);
        LastWriteCopy.Complete(copy, _bufferStart, _codec.Seed);
        _file.Write(_header.SlotStart + (_slot * _header.SlotBytes), copy);
        _slot ^= 1;
        return true;
    }

    private void BeginEpoch()
    {
        DropBuffer();
        _epochStart = _bufferStart;
    }

    private void DropBuffer()
    {
        _bufferStart = End;
        _length = _flushed = LastWriteCopy.HeaderBytes;
    }
}
