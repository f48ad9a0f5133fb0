namespace Swarm.Raft.Storage;

/// <summary>A segment that is there.</summary>
/// <param name="Sequence">Its number.</param>
/// <param name="Path">Its file.</param>
/// <param name="Bytes">Length of the file.</param>
/// <param name="KeyId">Key of its records.</param>
internal sealed record SegmentInfo(ulong Sequence, string Path, long Bytes, Guid KeyId)
{
    /// <summary>Highest index of an entry in it; known when it is finished.</summary>
    public ulong HighestIndex { get; init; }
}

/// <summary>The segments of a log, in order.</summary>
internal sealed class SegmentList(IEnumerable<SegmentInfo> there)
{
    private readonly List<SegmentInfo> _segments = [.. there];

    public long Bytes => _segments.Sum(s => s.Bytes);

    public IEnumerable<Guid> KeyIds => _segments.Select(s => s.KeyId).Distinct();

    public void Add(SegmentInfo segment) => _segments.Add(segment);

    /// <summary>Nothing is written to a segment any more.</summary>
    public void Finish(ulong sequence, ulong highestIndex)
    {
        var at = _segments.FindIndex(s => s.Sequence == sequence);
        _segments[at] = _segments[at] with { HighestIndex = highestIndex };
    }

    /// <summary>Takes those out of the list, oldest first, whose entries are all at or before an index; never the
    /// newest.</summary>
    public IReadOnlyList<SegmentInfo> TakeUpTo(ulong index)
    {
        var count = _segments.FindIndex(s => s.HighestIndex > index);
        return Take(count < 0 ? _segments.Count - 1 : Math.Min(count, _segments.Count - 1));
    }

    /// <summary>Takes all but the newest out of the list.</summary>
    public IReadOnlyList<SegmentInfo> TakeOlder() => Take(_segments.Count - 1);

    private SegmentInfo[] Take(int count)
    {
        var taken = _segments[..count].ToArray();
        _segments.RemoveRange(0, count);
        return taken;
    }
}
