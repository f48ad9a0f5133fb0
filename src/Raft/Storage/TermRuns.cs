namespace Swarm.Raft.Storage;

/// <summary>The terms of the entries in a log, as runs of equal ones: a log has few of them.</summary>
internal sealed class TermRuns
{
    private readonly List<(ulong From, ulong Term)> _runs = [];

    /// <summary>Last entry that was added.</summary>
    public ulong Last { get; private set; }

    /// <summary>Only this entry is known.</summary>
    public void Reset(ulong index, ulong term)
    {
        _runs.Clear();
        _runs.Add((index, term));
        Last = index;
    }

    /// <summary>Adds the next entry, or one that replaces what was from there on.</summary>
    public void Add(ulong index, ulong term)
    {
        while (_runs.Count > 0 && _runs[^1].From >= index)
            _runs.RemoveAt(_runs.Count - 1);
        if (_runs.Count == 0 || _runs[^1].Term != term)
            _runs.Add((index, term));
        Last = index;
    }

    public bool TryTermAt(ulong index, out ulong term)
    {
        term = 0;
        var at = index <= Last ? _runs.FindLastIndex(r => r.From <= index) : -1;
        if (at >= 0)
            term = _runs[at].Term;
        return at >= 0;
    }

    /// <summary>Entries before this one are not asked for any more.</summary>
    public void Forget(ulong index)
    {
        while (_runs.Count > 1 && _runs[1].From <= index)
            _runs.RemoveAt(0);
    }
}
