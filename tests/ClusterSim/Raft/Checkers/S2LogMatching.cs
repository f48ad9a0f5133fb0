using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>S2: an index and a term name one entry and everything before it (Raft §5.3).</summary>
internal sealed class S2LogMatching
{
    private readonly Dictionary<(ulong Index, ulong Term), (ulong Hash, ulong PreviousTerm)> _entries = [];

    public void OnEntry(RaftEntry entry, ulong previousTerm)
    {
        var seen = (HashOf(entry), previousTerm);
        if (!_entries.TryAdd((entry.Index, entry.Term), seen) && _entries[(entry.Index, entry.Term)] != seen)
            throw new ViolationException("S2", $"two different entries {entry.Index} of term {entry.Term}");
    }

    public static ulong HashOf(RaftEntry entry)
    {
        var hash = 14695981039346656037UL ^ (ulong)entry.Type;
        foreach (var b in entry.Data.Span)
            hash = (hash ^ b) * 1099511628211;
        return hash;
    }
}
