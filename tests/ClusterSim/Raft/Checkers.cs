using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>A broken invariant, named as in the list of invariants.</summary>
internal sealed class ViolationException(string what) : Exception(what);

/// <summary>S1: at most one leader in a term. S6: one vote in a term, restarts included.</summary>
internal sealed class ElectionChecker
{
    private readonly Dictionary<ulong, RaftId> _leaders = [];
    private readonly Dictionary<(RaftId Voter, ulong Term), RaftId> _votes = [];

    public bool OnLeader(ulong term, RaftId leader)
    {
        if (_leaders.TryGetValue(term, out var other) && other != leader)
            throw new ViolationException($"S1: {other} and {leader} both lead term {term}");
        return _leaders.TryAdd(term, leader);
    }

    public void OnVote(RaftId voter, ulong term, RaftId candidate)
    {
        if (!_votes.TryAdd((voter, term), candidate) && _votes[(voter, term)] != candidate)
            throw new ViolationException($"S6: {voter} votes for {_votes[(voter, term)]} and {candidate} in term "
                + $"{term}");
    }
}

/// <summary>S2: an index and a term name one entry and everything before it.</summary>
internal sealed class LogMatchingChecker
{
    private readonly Dictionary<(ulong Index, ulong Term), (ulong Hash, ulong PreviousTerm)> _entries = [];

    public void OnEntry(RaftEntry entry, ulong previousTerm)
    {
        var seen = (HashOf(entry), previousTerm);
        if (!_entries.TryAdd((entry.Index, entry.Term), seen) && _entries[(entry.Index, entry.Term)] != seen)
            throw new ViolationException($"S2: two different entries {entry.Index} of term {entry.Term}");
    }

    public static ulong HashOf(RaftEntry entry)
    {
        var hash = 14695981039346656037UL ^ (ulong)entry.Type;
        foreach (var b in entry.Data.Span)
            hash = (hash ^ b) * 1099511628211;
        return hash;
    }
}

/// <summary>
/// S3: a leader has every committed entry. S4: what is applied at an index is the same everywhere for ever. Together
/// they say that nothing acknowledged is lost (S7).
/// </summary>
internal sealed class CommitChecker
{
    private readonly List<(ulong Term, ulong Hash)> _applied = [];
    private readonly List<ulong> _appliedIn = [];

    public int Count => _applied.Count;

    public void OnApply(RaftId member, ulong currentTerm, RaftEntry entry)
    {
        var seen = (entry.Term, LogMatchingChecker.HashOf(entry));
        var at = (int)entry.Index - 1;
        if (at > _applied.Count)
            throw new ViolationException($"S4: {member} applies {entry.Index}, the last anywhere is {_applied.Count}");
        if (at == _applied.Count)
        {
            _applied.Add(seen);
            _appliedIn.Add(currentTerm);
        }
        else if (_applied[at] != seen)
            throw new ViolationException($"S4: {member} applies another entry at {entry.Index}");
    }

    /// <summary>
    /// Late votes can make a leader of a term that is over; it need not have what was committed in later ones.
    /// </summary>
    public void OnLeader(RaftId leader, ulong term, IReadOnlyList<RaftEntry> log)
    {
        for (var i = 0; i < _applied.Count && _appliedIn[i] < term; i++)
        {
            if (i >= log.Count || log[i].Term != _applied[i].Term)
                throw new ViolationException($"S3: leader {leader} lacks committed entry {i + 1}");
        }
    }
}

/// <summary>
/// S5: commit, applied and term never go back within a life; the term and acknowledgements never at all.
/// </summary>
internal sealed class MonotonyChecker
{
    private readonly Dictionary<RaftId, (ulong Term, ulong Commit)> _last = [];

    public void OnStep(RaftId member, ulong term, ulong commit)
    {
        var before = _last.GetValueOrDefault(member);
        if (term < before.Term || commit < before.Commit)
            throw new ViolationException($"S5: {member} goes back from {before} to ({term}, {commit})");
        _last[member] = (term, commit);
    }

    /// <summary>The commit index on disk is a lower bound; the term that was promised is not.</summary>
    public void OnRestart(RaftId member, ulong durableTerm) => _last[member] = (durableTerm, 0);
}
