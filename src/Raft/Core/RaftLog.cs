namespace Swarm.Raft.Core;

/// <summary>
/// The log in memory: entries, what of them is durable, committed and applied, and the configuration in force
/// (taken at append, given back at truncation).
/// </summary>
internal sealed class RaftLog
{
    private readonly List<RaftEntry> _entries = [];
    private readonly List<(ulong Index, RaftConfiguration Configuration)> _configurations = [];
    private readonly ulong _baseTerm;

    public RaftLog(RaftPersisted persisted)
    {
        FirstIndex = persisted.BaseIndex + 1;
        _baseTerm = persisted.BaseTerm;
        _configurations.Add((persisted.BaseIndex, persisted.BaseConfiguration));
        Commit = Applied = Stable = persisted.BaseIndex;
        Append(persisted.Entries);
        Stable = LastIndex;
        CommitTo(Math.Max(persisted.HardState.Commit, persisted.BaseIndex));
    }

    public ulong FirstIndex { get; }

    public ulong LastIndex => FirstIndex - 1 + (ulong)_entries.Count;

    public ulong LastTerm => TermAt(LastIndex);

    /// <summary>Everything up to here is on this member's disk.</summary>
    public ulong Stable { get; private set; }

    public ulong Commit { get; private set; }

    /// <summary>Handed out for application.</summary>
    public ulong Applied { get; private set; }

    /// <summary>In force since the last configuration entry was appended, committed or not (thesis §4.1).</summary>
    public RaftConfiguration Configuration => _configurations[^1].Configuration;

    /// <summary>The last one that is committed.</summary>
    public RaftConfiguration CommittedConfiguration => _configurations[0].Configuration;

    public ulong ConfigurationIndex => _configurations[^1].Index;

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
        if (i == entries.Count)
            return;
        if (entries[i].Index <= LastIndex)
            TruncateFrom(entries[i].Index);
        Append(i == 0 ? entries : [.. entries.Skip(i)]);
    }

    public void Append(IReadOnlyList<RaftEntry> entries)
    {
        foreach (var entry in entries)
        {
            RaftInvariantException.Check(
                entry.Index == LastIndex + 1 && entry.Term >= LastTerm, "the log is contiguous and terms never fall");
            _entries.Add(entry);
            if (entry.Type == EntryType.ConfChange)
                _configurations.Add((entry.Index, RaftConfiguration.Decode(entry.Data.Span)));
        }
    }

    public RaftEntry[] Slice(ulong from, ulong to, int maxCount, int maxBytes)
    {
        var bytes = 0L;
        var count = 0;
        while (from + (ulong)count <= to && count < maxCount)
        {
            bytes += _entries[(int)(from - FirstIndex) + count].CostBytes;
            if (count > 0 && bytes > maxBytes)
                break;
            count++;
        }
        return [.. _entries.GetRange((int)(from - FirstIndex), count)];
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

    /// <summary>True when the commit index moved.</summary>
    public bool CommitTo(ulong index)
    {
        if (index <= Commit)
            return false;
        RaftInvariantException.Check(index <= LastIndex, $"commit {index} is in the log, which ends at {LastIndex}");
        Commit = index;
        while (_configurations.Count > 1 && _configurations[1].Index <= Commit)
            _configurations.RemoveAt(0);
        return true;
    }

    private void TruncateFrom(ulong index)
    {
        RaftInvariantException.Check(index > Commit, $"entry {index} is committed (up to {Commit}) and stays");
        _entries.RemoveRange((int)(index - FirstIndex), _entries.Count - (int)(index - FirstIndex));
        Stable = Math.Min(Stable, index - 1);
        while (_configurations[^1].Index >= index)
            _configurations.RemoveAt(_configurations.Count - 1);
    }
}
