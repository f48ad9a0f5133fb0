using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>S1: at most one leader in a term (Raft §5.2).</summary>
internal sealed class S1ElectionSafety
{
    private readonly Dictionary<ulong, RaftId> _leaders = [];

    public void OnLeader(ulong term, RaftId leader)
    {
        if (!_leaders.TryAdd(term, leader) && _leaders[term] != leader)
            throw new ViolationException("S1", $"{_leaders[term]} and {leader} both lead term {term}");
    }
}
