namespace Swarm.Raft.Core;

/// <summary>What the members' hashes of one index say.</summary>
public enum HashVerdict
{
    /// <summary>Nothing speaks against this member.</summary>
    Agreed,

    /// <summary>A majority of the voters agrees on another state than this member's: this one is wrong.</summary>
    Diverged,

    /// <summary>Voters differ, and no majority agrees.</summary>
    Disputed,
}

/// <summary>Who has which state at an index.</summary>
/// <param name="Index">The entry after which the states were hashed.</param>
/// <param name="Own">This member's hash.</param>
/// <param name="Others">The other members' hashes.</param>
public sealed record HashEvidence(ulong Index, UInt128 Own, IReadOnlyDictionary<RaftId, UInt128> Others);

/// <summary>
/// Hashes of the state at the same index, compared between members (R22). Bounded: a few indexes are remembered, the
/// oldest goes first.
/// </summary>
internal sealed class StateHashes
{
    /// <summary>Indexes that are compared at the same time; a member that lags more is not compared.</summary>
    private const int MaxIndexes = 64;

    private readonly SortedDictionary<ulong, Comparison> _open = [];

    /// <summary>Takes a hash, the own one or another member's, and says what follows from all of that index.</summary>
    public HashVerdict Take(RaftId from, ulong index, UInt128 hash, (RaftId Self, RaftConfiguration Configuration) who)
    {
        if (!_open.TryGetValue(index, out var comparison))
        {
            if (_open.Count >= MaxIndexes && !TryMakeRoom(index))
                return HashVerdict.Agreed;
            _open[index] = comparison = new Comparison();
        }
        comparison.Hashes[from] = hash;
        return comparison.Judge(who.Self, who.Configuration);
    }

    public HashEvidence Evidence(RaftId self, ulong index)
    {
        var hashes = _open[index].Hashes;
        return new(index, hashes[self], hashes.Where(h => h.Key != self).ToDictionary());
    }

    private bool TryMakeRoom(ulong index)
    {
        var oldest = _open.Keys.First();
        return oldest < index && _open.Remove(oldest);
    }

    private sealed class Comparison
    {
        public SortedDictionary<RaftId, UInt128> Hashes { get; } = [];

        public HashVerdict Judge(RaftId self, RaftConfiguration configuration)
        {
            if (!Hashes.TryGetValue(self, out var own))
                return HashVerdict.Agreed;
            var voters = Hashes.Where(h => configuration.IsVoter(h.Key)).ToArray();
            var most = voters.GroupBy(v => v.Value).MaxBy(g => g.Count());
            if (most is null)
                return HashVerdict.Agreed;
            if (most.Count() >= configuration.Quorum)
                return most.Key == own ? HashVerdict.Agreed : HashVerdict.Diverged;
            return voters.Length >= configuration.VoterCount ? HashVerdict.Disputed : HashVerdict.Agreed;
        }
    }
}
