namespace Swarm.Raft.Core;

/// <summary>
/// The log in memory: entries after a base that a snapshot stands for, and what of them is durable, committed and
/// applied.
/// </summary>
internal sealed class RaftLog
{
    private readonly List<RaftEntry> _entries = [];
    private readonly Configurations _configurations;
    private ulong _baseTerm;

    public RaftLog(RaftPersisted persisted)
    {
        var mark = persisted.Snapshot ?? new SnapshotMark(0, 0, RaftConfiguration.Empty);
        _configurations = new Configurations(mark.Index, mark.Configuration);
        (FirstIndex, _baseTerm) = (mark.Index + 1, mark.Term);
        Commit = Applied = mark.Index;
        if (persisted.Entries.Count > 0 && persisted.Entries[^1].Index >= mark.Index)
            AppendKnown(persisted.Entries);
        RaftInvariantException.Check(
            TryTermAt(mark.Index, out var term) && term == mark.Term, "the log goes on where its snapshot ends");
        Stable = LastIndex;
        CommitTo(persisted.HardState.Commit);
    }

    public ulong FirstIndex { get; private set; }

    public ulong LastIndex => FirstIndex - 1 + (ulong)_entries.Count;

    public ulong LastTerm => _entries.Count == 0 ? _baseTerm : _entries[^1].Term;

    /// <summary>Everything up to here is on this member's disk.</summary>
    public ulong Stable { get; private set; }

    public ulong Commit { get; private set; }

    /// <summary>Handed out for application, or contained in an installed snapshot.</summary>
    public ulong Applied { get; private set; }

    /// <summary>In force since the last configuration entry was appended, committed or not (thesis §4.1).</summary>
    public RaftConfiguration Configuration => _configurations.Newest;

    /// <summary>The last one that is committed.</summary>
    public RaftConfiguration CommittedConfiguration => _configurations.At(Commit);

    /// <summary>The member is in one of the configurations of this log, be it in force or not.</summary>
    public bool HasKnown(RaftId id) => _configurations.HaveKnown(id);

    public ulong ConfigurationIndex => _configurations.NewestIndex;

    /// <summary>What a snapshot of the state after an applied entry stands for.</summary>
    public SnapshotMark MarkAt(ulong index) => new(index, TermAt(index), _configurations.At(index));

    /// <summary>Term of an entry that is there, or of the one before the first.</summary>
    public ulong TermAt(ulong index) => TryTermAt(index, out var term)
        ? term
        : throw new RaftInvariantException($"term of entry {index} asked, log has {FirstIndex}..{LastIndex}");

    public bool TryTermAt(ulong index, out ulong term)
    {
        term = index + 1 == FirstIndex ? _baseTerm : 0;
        if (index >= FirstIndex && index <= LastIndex)
            term = _entries[(int)(index - FirstIndex)].Term;
        return index + 1 >= FirstIndex && index <= LastIndex;
    }

    public RaftEntry At(ulong index) => _entries[(int)(index - FirstIndex)];

    /// <summary>Raft §5.4.1: a later last term wins, then the longer log.</summary>
    public bool IsUpToDate(ulong lastIndex, ulong lastTerm) =>
        lastTerm > LastTerm || (lastTerm == LastTerm && lastIndex >= LastIndex);

    /// <summary>Appends, first cutting what differs; entries that are there already stay (Raft §5.3).</summary>
    public void Merge(IReadOnlyList<RaftEntry> entries)
    {
        var i = 0;
        while (i < entries.Count && TryTermAt(entries[i].Index, out var term) && term == entries[i].Term)
            i++;
        if (Planted.Breaks(Rule.R5))
            i = 0;
        if (i == entries.Count)
            return;
        if (entries[i].Index <= LastIndex)
            TruncateFrom(entries[i].Index);
        for (; i < entries.Count; i++)
            Append(entries[i]);
    }

    public void Append(RaftEntry entry)
    {
        RaftInvariantException.Check(
            entry.Index == LastIndex + 1 && entry.Term >= LastTerm, "the log is contiguous and terms never fall");
        _entries.Add(entry);
        if (entry.Type == EntryType.ConfChange)
            _configurations.Append(entry.Index, RaftConfiguration.Decode(entry.Data.Span));
    }

    public RaftEntry[] Slice(ulong from, ulong to, int maxCount, int maxBytes)
    {
        if (from > to)
            return [];
        var bytes = 0L;
        var count = 0;
        var start = (int)(from - FirstIndex);
        var most = (int)Math.Min(to - from + 1, (ulong)maxCount);
        while (count < most)
        {
            bytes += _entries[start + count].CostBytes;
            if (count > 0 && bytes > maxBytes)
                break;
            count++;
        }
        var slice = new RaftEntry[count];
        _entries.CopyTo(start, slice, 0, count);
        return slice;
    }

    /// <summary>The last entry at or before <paramref name="index"/> whose term is at most <paramref
    /// name="term"/>.</summary>
    public (ulong Index, ulong Term) LastNotAfterTerm(ulong index, ulong term)
    {
        for (var i = Math.Min(index, LastIndex); i + 1 >= FirstIndex; i--)
        {
            var at = TermAt(i);
            if (at <= term)
                return (i, at);
            if (i == 0)
                break;
        }
        return (FirstIndex - 1, 0);
    }

    public void StableTo(ulong index) => Stable = Math.Max(Stable, Math.Min(index, LastIndex));

    public void AppliedTo(ulong index)
    {
        RaftInvariantException.Check(index >= Applied && index <= Commit, "only committed entries are applied, once");
        Applied = index;
    }

    public void CommitTo(ulong index)
    {
        if (index <= Commit)
            return;
        RaftInvariantException.Check(index <= LastIndex, $"commit {index} is in the log, which ends at {LastIndex}");
        Commit = index;
    }

    /// <summary>Forgets entries up to one that is applied and durable in a snapshot (Raft §7).</summary>
    public void CompactTo(ulong index)
    {
        if (index < FirstIndex)
            return;
        RaftInvariantException.Check(index <= Applied, $"only applied entries are forgotten, not {index}");
        _baseTerm = TermAt(index);
        _entries.RemoveRange(0, (int)(index - FirstIndex + 1));
        FirstIndex = index + 1;
        _configurations.ForgetBefore(index);
    }

    /// <summary>A snapshot from the leader takes the place of a log that does not contain its last entry (Raft
    /// §7).</summary>
    public void Replace(SnapshotMark mark)
    {
        RaftInvariantException.Check(mark.Index > Commit, "a snapshot never takes back what is committed");
        _entries.Clear();
        (FirstIndex, _baseTerm) = (mark.Index + 1, mark.Term);
        Stable = Commit = Applied = mark.Index;
        _configurations.Reset(mark.Index, mark.Configuration);
    }

    /// <summary>
    /// Start-up. When entries begin before the snapshot ends, the first of them becomes the base. The configuration
    /// there is not known; nobody asks for one before the snapshot's, which is the newest of those that follow or was
    /// in force all the time.
    /// </summary>
    private void AppendKnown(IReadOnlyList<RaftEntry> entries)
    {
        var from = entries[0].Index <= Applied ? 1 : 0;
        if (from > 0)
        {
            (FirstIndex, _baseTerm) = (entries[0].Index + 1, entries[0].Term);
            _configurations.Reset(entries[0].Index, _configurations.Newest);
        }
        for (var i = from; i < entries.Count; i++)
            Append(entries[i]);
    }

    private void TruncateFrom(ulong index)
    {
        RaftInvariantException.Check(index > Commit, $"entry {index} is committed (up to {Commit}) and stays");
        _entries.RemoveRange((int)(index - FirstIndex), _entries.Count - (int)(index - FirstIndex));
        Stable = Math.Min(Stable, index - 1);
        _configurations.TruncateFrom(index);
    }
}
