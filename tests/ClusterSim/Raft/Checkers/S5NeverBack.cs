using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// S5: term, commit and applied index never go back; the term not even by a restart. The commit index on disk is a
/// lower bound.
/// </summary>
internal sealed class S5NeverBack
{
    private readonly Dictionary<RaftId, (ulong Term, ulong Commit, ulong Applied)> _last = [];
    private readonly Dictionary<RaftId, ulong> _promisedTerms = [];

    /// <summary>A term that was spoken in is a promise (a pre-vote speaks of one that may never be).</summary>
    public void OnSend(RaftMessage message)
    {
        if (message is VoteRequest { PreVote: true } or VoteReply { PreVote: true })
            return;
        var from = message.Envelope.From;
        _promisedTerms[from] = Math.Max(_promisedTerms.GetValueOrDefault(from), message.Envelope.Term);
    }

    public void OnTurn(RaftId member, ulong term, ulong commit, ulong applied)
    {
        var before = _last.GetValueOrDefault(member);
        if (term < before.Term || commit < before.Commit || applied < before.Applied)
            throw new ViolationException(
                "S5", $"{member} goes back from {before} to ({term}, {commit}, {applied})");
        if (applied > commit)
            throw new ViolationException("S5", $"{member} has applied {applied}, only {commit} is committed");
        _last[member] = (term, commit, applied);
    }

    public void OnStart(RaftId member, ulong term)
    {
        var promised = _promisedTerms.GetValueOrDefault(member);
        if (term < promised)
            throw new ViolationException("S5", $"{member} restarts in term {term}, it had spoken in {promised}");
        _last[member] = (promised, 0, 0);
    }
}
