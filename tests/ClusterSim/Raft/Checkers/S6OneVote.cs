using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>S6: a member votes for one candidate in a term, restarts included (Raft §5.2).</summary>
internal sealed class S6OneVote
{
    private readonly Dictionary<(RaftId Voter, ulong Term), RaftId> _votes = [];

    public void OnSend(RaftMessage message)
    {
        var e = message.Envelope;
        if (message is VoteReply { PreVote: false, Granted: true })
            OnVote(e.From, e.Term, e.To);
        else if (message is VoteRequest { PreVote: false })
            OnVote(e.From, e.Term, e.From);
    }

    private void OnVote(RaftId voter, ulong term, RaftId candidate)
    {
        if (!_votes.TryAdd((voter, term), candidate) && _votes[(voter, term)] != candidate)
            throw new ViolationException(
                "S6", $"{voter} votes for {_votes[(voter, term)]} and for {candidate} in term {term}");
    }
}
