using System.Buffers.Binary;
using System.Globalization;

namespace Swarm.Raft.Storage;

/// <summary>
/// Entries and hard states on disk, in the order in which they became true. One <see cref="Append"/> is one write and
/// at most one fdatasync, however many entries it carries. One caller at a time.
/// </summary>
public sealed class WriteAheadLog : IDisposable
{
    private const string Suffix = ".wal";
    private const string TemporarySuffix = ".tmp";
    private const int HardStateDataBytes = 8;
    private readonly WalOptions _options;
    private readonly IDisposable _lock;
    private IDiskFile _file;
    private byte[] _buffer = new byte[1 << 16];
    private int _buffered;
    private long _segmentBytes;
    private long _written;
    private long _epochStart;
    private uint _salt;
    private uint _lastCrc;
    private ulong _sequence;
    private ulong _nextIndex;
    private HardState _hardState;
    private bool _failed;

    private WriteAheadLog(WalOptions options, IDisposable exclusive)
    {
        _options = options;
        _lock = exclusive;
        _file = null!;
    }

    /// <summary>
    /// Takes the directory for itself, reads what is there, cuts a torn tail and rewrites the last segment: what the
    /// page cache shows of it need not be on the medium.
    /// </summary>
    /// <exception cref="StorageCorruptException">Something is damaged that was durable once.</exception>
    /// <exception cref="StorageRefusedException">Another process, cluster or member owns the directory.</exception>
    /// <exception cref="StorageFailedException">The disk failed.</exception>
    public static WriteAheadLog Open(WalOptions options, out WalContents contents)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Disk.CreateDirectory(options.Directory);
        var exclusive = options.Disk.Lock(Path.Combine(options.Directory, "LOCK"));
        var log = new WriteAheadLog(options, exclusive);
        try
        {
            contents = log.Load();
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes entries and hard state. With <paramref name="sync"/> they are on the medium when it returns; without,
    /// after the next one with. After an exception the log takes nothing any more.
    /// </summary>
    public void Append(HardState? hardState, IReadOnlyList<RaftEntry> entries, bool sync)
    {
        ArgumentNullException.ThrowIfNull(entries);
        if (_failed)
            throw new StorageFailedException("write", PathOf(_sequence), 0, new IOException("an earlier write failed"));
        _failed = true;
        for (var i = 0; i < entries.Count; i++)
        {
            Buffer(WalFormat.Kind.Entry, entries[i], entries[i].Data.Span);
            _nextIndex = entries[i].Index + 1;
        }
        if (hardState is { } state)
            BufferHardState(state);
        WriteBuffer();
        if (sync)
            SyncFile();
        _failed = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file?.Dispose();
        _lock.Dispose();
    }

    private WalContents Load()
    {
        var segments = new List<ulong>();
        foreach (var name in _options.Disk.ListFiles(_options.Directory))
        {
            if (name.EndsWith(TemporarySuffix, StringComparison.Ordinal))
                _options.Disk.Delete(Path.Combine(_options.Directory, name));
            else if (name.EndsWith(Suffix, StringComparison.Ordinal))
                segments.Add(ulong.Parse(
                    name.AsSpan(0, name.Length - Suffix.Length), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }
        var replay = new WalReplay();
        var cut = 0L;
        for (var i = 0; i < segments.Count; i++)
            cut = LoadSegment(replay, segments[i], (ulong)i + 1, i == segments.Count - 1);
        (_hardState, _nextIndex, _lastCrc) = (replay.HardState, replay.NextIndex, replay.LastCrc);
        if (segments.Count == 0)
            StartSegment(WalFormat.HeaderBytes);
        return new(replay.HardState, replay.Entries, cut);
    }

    private long LoadSegment(WalReplay replay, ulong sequence, ulong expected, bool last)
    {
        var path = PathOf(sequence);
        if (sequence != expected)
            throw new StorageCorruptException(PathOf(expected), 0, "the segment is missing");
        byte[] bytes;
        using (var file = _options.Disk.Open(path))
        {
            bytes = new byte[file.LengthBytes];
            file.Read(0, bytes);
        }
        if (!WalFormat.TryReadHeader(bytes, out var header, out var salt))
            throw new StorageCorruptException(path, 0, "the header cannot be read");
        if (header.ClusterId != _options.ClusterId || header.Id != _options.Id)
            throw new StorageRefusedException(
                $"{path} belongs to member {header.Id} of cluster {header.ClusterId}, "
                + $"not to member {_options.Id} of cluster {_options.ClusterId}");
        if (header.Sequence != sequence || header.NextIndex != replay.NextIndex || header.PreviousCrc != replay.LastCrc
            || header.SegmentBytes != bytes.Length)
            throw new StorageCorruptException(path, 0, "the segment does not follow the one before it");
        var end = replay.Read(path, bytes, salt, last);
        if (!last)
            return 0;
        var cut = (long)bytes.AsSpan(end).LastIndexOfAnyExcept((byte)0) + 1;
        bytes.AsSpan(end).Clear();
        (_sequence, _salt, _segmentBytes) = (sequence, salt, bytes.Length);
        Install(bytes);
        _written = _epochStart = end;
        return cut;
    }

    private void BufferHardState(HardState state)
    {
        Span<byte> vote = stackalloc byte[HardStateDataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(vote, state.Vote.Value);
        Buffer(WalFormat.Kind.HardState, new(state.Commit, state.Term, EntryType.Normal, default), vote);
        _hardState = state;
    }

    private void Buffer(WalFormat.Kind kind, RaftEntry entry, ReadOnlySpan<byte> data)
    {
        var needed = WalFormat.Padded(data.Length);
        if (_written + _buffered + needed > _segmentBytes)
        {
            WriteBuffer();
            SyncFile();
            StartSegment(WalFormat.HeaderBytes + WalFormat.Padded(HardStateDataBytes) + needed);
            BufferHardState(_hardState);
        }
        if (_buffer.Length - _buffered < needed)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _buffered + needed));
        var record = new WalFormat.Record(
            kind, entry.Type, 0, _lastCrc, (uint)_epochStart, entry.Index, entry.Term, data.Length);
        _lastCrc = WalFormat.WriteRecord(_buffer.AsSpan(_buffered), record, data, _salt);
        _buffered += needed;
    }

    private void WriteBuffer()
    {
        if (_buffered == 0)
            return;
        _file.Write(_written, _buffer.AsSpan(0, _buffered));
        _written += _buffered;
        _buffered = 0;
    }

    private void SyncFile()
    {
        _file.Sync();
        _epochStart = _written;
    }

    /// <summary>The next segment, full of zeros and durable before its name is.</summary>
    private void StartSegment(int leastBytes)
    {
        _sequence++;
        _segmentBytes = Math.Max(_options.SegmentBytes, leastBytes);
        var bytes = new byte[_segmentBytes];
        _salt = WalFormat.WriteHeader(
            bytes, new(_options.ClusterId, _options.Id, _sequence, _nextIndex, _lastCrc, _segmentBytes));
        Install(bytes);
        _written = _epochStart = WalFormat.HeaderBytes;
    }

    /// <summary>Puts a whole segment in place of what has its name, if anything, in one step, and goes on with
    /// it.</summary>
    private void Install(byte[] bytes)
    {
        var path = PathOf(_sequence);
        var temporary = path + TemporarySuffix;
        using (var file = _options.Disk.Create(temporary))
        {
            file.Write(0, bytes);
            file.Sync();
        }
        _options.Disk.Rename(temporary, path);
        _options.Disk.SyncDirectory(_options.Directory);
        _file?.Dispose();
        _file = _options.Disk.Open(path);
    }

    private string PathOf(ulong sequence) =>
        Path.Combine(_options.Directory, sequence.ToString("x16", CultureInfo.InvariantCulture) + Suffix);
}
