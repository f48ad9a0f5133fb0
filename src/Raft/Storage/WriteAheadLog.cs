namespace Swarm.Raft.Storage;

/// <summary>
/// Entries and hard states on disk, in the order in which they became true. One <see cref="Append"/> is one sync,
/// however many entries it carries. One caller at a time.
/// </summary>
internal sealed class WriteAheadLog : IDisposable
{
    private readonly StorageOptions _options;
    private readonly KeyRing _keys;
    private readonly Housekeeper _house;
    private readonly SegmentList _segments;
    private readonly TermRuns _terms = new();
    private readonly int _slotBytes;
    private SegmentWriter _segment;
    private ulong _nextIndex;
    private HardState _hardState;
    private bool _failed;

    /// <summary>
    /// Goes on with a log that was read. Its newest segment is written anew without what was cut: what the page cache
    /// shows of it need not be on the medium.
    /// </summary>
    public WriteAheadLog(StorageOptions options, KeyRing keys, Housekeeper house, LoadedLog log)
    {
        (_options, _keys, _house) = (options, keys, house);
        _slotBytes = LastWriteCopy.SlotBytesFor(options.SegmentBytes);
        var replay = log.Replay;
        (_nextIndex, _hardState) = (replay.NextIndex, replay.HardState);
        if (replay.BaseTerm is { } baseTerm)
            _terms.Reset(replay.FirstIndex - 1, baseTerm);
        foreach (var entry in replay.Entries)
            _terms.Add(entry.Index, entry.Term);
        _segments = new SegmentList(log.Segments.Where(s => s.Sequence != log.Last?.Sequence));
        _segment = log.Last is { } last
            ? Create(last, [.. replay.Entries.Where(e => e.Index >= log.LastEnd.LowestIndex)], _hardState)
            : Create(HeaderOf(1, 1, 0, default), [], default);
    }

    public long Bytes => _segments.Bytes;

    public IEnumerable<Guid> KeyIds => _segments.KeyIds;

    /// <summary>
    /// Writes entries and hard state. With <paramref name="sync"/> they are on the medium when it returns; without,
    /// after the next one with. After an exception the log takes nothing any more.
    /// </summary>
    public void Append(HardState? hardState, IReadOnlyList<RaftEntry> entries, bool sync)
    {
        Enter();
        for (var i = 0; i < entries.Count; i++)
            Add(entries[i]);
        if (hardState is { } state)
        {
            if (!_segment.Fits(SegmentWriter.VoteBytes))
                Roll(SegmentWriter.VoteBytes);
            _segment.Add(state);
            _hardState = state;
        }
        if (sync)
            _segment.Sync();
        else
            _segment.Flush();
        _failed = false;
    }

    /// <summary>What follows is in a new segment, with the newest key.</summary>
    public void Roll()
    {
        Enter();
        Roll(0);
        _failed = false;
    }

    /// <summary>The log has this entry, or begins right after it.</summary>
    public bool Contains(SnapshotMark mark) => _terms.TryTermAt(mark.Index, out var term) && term == mark.Term;

    /// <summary>Begins anew after a snapshot that is durable; this is what makes it the state of this member.</summary>
    public void Rebase(SnapshotMark mark, HardState hardState)
    {
        Enter();
        _hardState = hardState with { Commit = mark.Index };
        _nextIndex = mark.Index + 1;
        var header = HeaderOf(_segment.Header.Sequence + 1, _nextIndex, mark.Term, _hardState) with { IsBase = true };
        Replace(Create(header, [], _hardState));
        _terms.Reset(mark.Index, mark.Term);
        Delete(_segments.TakeOlder());
        _failed = false;
    }

    /// <summary>Drops segments whose entries are all at or before an index.</summary>
    public void Compact(ulong index)
    {
        _terms.Forget(index);
        Delete(_segments.TakeUpTo(index));
    }

    public void Dispose() => _segment.Dispose();

    /// <summary>One after the other, so that what remains never has a gap.</summary>
    private void Delete(IReadOnlyList<SegmentInfo> segments)
    {
        foreach (var segment in segments)
        {
            _options.Disk.Delete(segment.Path);
            _options.Disk.SyncDirectory(_options.Directory);
        }
    }

    private void Enter()
    {
        _house.Check();
        if (_failed)
            throw new StorageFailedException(
                "write", PathOf(_segment.Header.Sequence), 0, new IOException("an earlier write failed"));
        _failed = true;
    }

    private void Add(RaftEntry entry)
    {
        if (!_segment.Fits(entry.Data.Length))
            Roll(entry.Data.Length);
        _segment.Add(entry);
        _terms.Add(entry.Index, entry.Term);
        _nextIndex = entry.Index + 1;
    }

    private void Roll(int leastDataBytes)
    {
        _segment.Sync();
        _terms.TryTermAt(_nextIndex - 1, out var term);
        var header = HeaderOf(_segment.Header.Sequence + 1, _nextIndex, term, _hardState) with
        {
            PreviousCrc = _segment.LastCrc,
        };
        var next = Create(header, [], _hardState, leastDataBytes);
        _segment.Close();
        Replace(next);
    }

    private void Replace(SegmentWriter next)
    {
        _segments.Finish(_segment.Header.Sequence, _segment.HighestIndex);
        _segment.Dispose();
        _segment = next;
        _house.Replenish();
    }

    /// <summary>A segment with its first records, whole and durable before it has its name.</summary>
    private SegmentWriter Create(
        SegmentHeader header, IReadOnlyList<RaftEntry> entries, HardState state, int leastDataBytes = 0)
    {
        var key = _keys.Newest;
        var isSealed = key != Guid.Empty;
        var records = new SegmentImage(entries, state == header.HardState ? null : state, isSealed);
        var salt = isSealed ? _options.NewSalt(FileCipher.SaltBytes) : [];
        header = header with { SlotBytes = _slotBytes, KeyId = key, Salt = salt };
        header = header with
        {
            DurableEnd = header.DataStart + records.LengthBytes,
            SegmentBytes = Math.Max(
                _options.SegmentBytes,
                SegmentWriter.LeastBytes(
                    header.DataStart, records.LengthBytes + RecordCodec.LengthOf(leastDataBytes, isSealed), isSealed)),
        };
        var path = PathOf(header.Sequence);
        var temporary = _house.Take(header.SegmentBytes);
        var image = records.Encode(header, _keys.ToWrite(key, salt, header.Purpose));
        using (var file = _options.Disk.Open(temporary))
        {
            file.Write(0, image.Bytes);
            file.Sync();
        }
        _options.Disk.Rename(temporary, path);
        _options.Disk.SyncDirectory(_options.Directory);
        _segments.Add(new SegmentInfo(header.Sequence, path, header.SegmentBytes, key));
        var opened = header.HasPages
            ? _options.Disk.OpenToAppend(path, header.DurableEnd)
            : _options.Disk.Open(path);
        return new SegmentWriter(opened, header, image.Codec, header.DurableEnd, image.LastCrc)
        {
            HighestIndex = entries is [.., var last] ? last.Index : 0,
        };
    }

    private SegmentHeader HeaderOf(ulong sequence, ulong nextIndex, ulong previousTerm, HardState state) => new()
    {
        ClusterId = _options.ClusterId,
        Id = _options.Id,
        Sequence = sequence,
        NextIndex = nextIndex,
        PreviousTerm = previousTerm,
        PreviousCrc = 0,
        HardState = state,
        SegmentBytes = 0,
        SlotBytes = 0,
        KeyId = Guid.Empty,
        Salt = [],
    };

    private string PathOf(ulong sequence) => Path.Combine(_options.Directory, StorageFiles.SegmentName(sequence));
}
