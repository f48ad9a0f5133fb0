namespace Swarm.Raft.Storage;

/// <summary>What was read of a log.</summary>
internal sealed class LoadedLog
{
    public WalReplay Replay { get; } = new();

    public List<SegmentInfo> Segments { get; } = [];

    /// <summary>Segments that a log with a later base made void.</summary>
    public List<string> Void { get; } = [];

    /// <summary>Header of the newest segment; null when there is none.</summary>
    public SegmentHeader? Last { get; set; }

    public SegmentEnd LastEnd { get; set; }

    public long CutBytes { get; set; }

    public List<string> Notes { get; } = [];
}

/// <summary>Reads the segments of a directory, checks that nothing is missing, and finishes what a crash
/// left.</summary>
internal sealed class WalLoader(StorageOptions options, KeyRing keys)
{
    private readonly LoadedLog _log = new();
    private (SegmentHeader Header, SegmentEnd End, uint LastCrc)? _before;

    public LoadedLog Load(IReadOnlyList<ulong> sequences)
    {
        var used = FromBase(sequences);
        for (var i = 0; i < used.Count; i++)
        {
            if (used[i] != used[0] + (ulong)i)
                throw new StorageCorruptException(PathOf(used[0] + (ulong)i), 0, "the segment is missing");
            ReadSegment(used[i], isLast: i == used.Count - 1);
        }
        if (_log.LastEnd.Closed)
            throw new StorageCorruptException(PathOf(used[^1] + 1), 0, "the segment is missing");
        return _log;
    }

    /// <summary>
    /// The sequences from the last base on. A base is made durable before what it voids is deleted: what is left of
    /// that may have gaps and is not looked at.
    /// </summary>
    private List<ulong> FromBase(IReadOnlyList<ulong> sequences)
    {
        var first = 0;
        for (var i = sequences.Count - 1; i > 0 && first == 0; i--)
        {
            if (SegmentHeader.Read(options.Disk, PathOf(sequences[i])) is { IsBase: true })
                first = i;
        }
        _log.Void.AddRange(sequences.Take(first).Select(PathOf));
        return [.. sequences.Skip(first)];
    }

    private void ReadSegment(ulong sequence, bool isLast)
    {
        var path = PathOf(sequence);
        var bytes = ReadAll(path);
        var header = SegmentHeader.Read(path, bytes)
            ?? throw new StorageCorruptException(path, 0, "the header cannot be read");
        CheckPlace(path, header, sequence, bytes.Length);
        using var codec = CodecOf(path, bytes, header);
        var end = _log.Replay.Read(path, bytes, header, codec);
        CloseBefore(end.Offset > header.DataStart || !isLast);
        _before = (header, end, _log.Replay.LastCrc);
        if (end.MendedBytes > 0)
            _log.Notes.Add($"{path}: {end.MendedBytes} bytes at the end of the log were mended from their copy");
        (_log.Last, _log.LastEnd) = (header, end);
        _log.CutBytes = end.Closed ? 0 : bytes.AsSpan(end.Offset).LastIndexOfAnyExcept((byte)0) + 1;
        _log.Segments.Add(
            new SegmentInfo(sequence, path, bytes.Length, header.KeyId) { HighestIndex = end.HighestIndex });
    }

    /// <summary>
    /// A segment is closed when the next one is there, and before anything is written to that. While nothing is, this
    /// is done again at every start: after a failed sync the page cache may show an end that the medium does not have.
    /// </summary>
    private void CloseBefore(bool isUsed)
    {
        if (_before is not { } before || (isUsed && before.End.Closed))
            return;
        var path = PathOf(before.Header.Sequence);
        if (isUsed)
            throw new StorageCorruptException(path, before.End.Offset, "the end of a finished segment cannot be read");
        var salted = keys.ToWrite(before.Header.KeyId, before.Header.Salt, before.Header.Purpose);
        var file = options.Disk.Open(path);
        Span<byte> header = stackalloc byte[SegmentHeader.LengthBytes];
        file.Read(0, header);
        var codec = new RecordCodec(SegmentHeader.CrcOf(header), salted);
        using var writer = new SegmentWriter(file, before.Header, codec, before.End.Offset, before.LastCrc);
        writer.Close();
    }

    private byte[] ReadAll(string path)
    {
        using var file = options.Disk.Open(path);
        var bytes = new byte[file.LengthBytes];
        file.Read(0, bytes);
        return bytes;
    }

    private void CheckPlace(string path, SegmentHeader header, ulong sequence, long length)
    {
        options.RequireOwn(path, header.ClusterId, header.Id);
        if (header.Sequence != sequence)
            throw new StorageCorruptException(path, 0, $"this is segment {header.Sequence} under another name");
        if (header.SegmentBytes != length)
            throw new StorageCorruptException(
                path, Math.Min(length, header.SegmentBytes), $"the file has {length} bytes, not {header.SegmentBytes}");
    }

    private RecordCodec CodecOf(string path, byte[] bytes, SegmentHeader header)
    {
        var cipher = keys.ToRead(path, header.KeyId, header.Salt, header.Purpose);
        if (cipher is not null && !SegmentHeader.IsSealedBy(bytes, cipher))
            throw KeyRing.Wrong(path, header.KeyId);
        return new RecordCodec(SegmentHeader.CrcOf(bytes), cipher);
    }

    private string PathOf(ulong sequence) => Path.Combine(options.Directory, StorageFiles.SegmentName(sequence));
}
