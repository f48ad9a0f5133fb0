using Swarm.Raft;
using Swarm.Raft.Core;

namespace Swarm.ClusterSim.Raft;

/// <summary>All checkers of a run, told at the places where their invariants can break.</summary>
internal sealed class Checks
{
    private readonly ElectionChecker _elections = new();
    private readonly LogMatchingChecker _matching = new();
    private readonly MonotonyChecker _monotony = new();

    public CommitChecker Commits { get; } = new();

    public void OnSend(SimMember member, RaftMessage message)
    {
        var preVote = message is VoteRequest { PreVote: true } or VoteReply { PreVote: true };
        if (!preVote)
            member.PromisedTerm = Math.Max(member.PromisedTerm, message.Envelope.Term);
        if (message is VoteReply { PreVote: false, Granted: true })
            _elections.OnVote(member.Id, message.Envelope.Term, message.Envelope.To);
        if (message is VoteRequest { PreVote: false })
            _elections.OnVote(member.Id, message.Envelope.Term, member.Id);
    }

    public void OnWrite(SimMember member, Ready ready)
    {
        foreach (var entry in ready.Entries)
        {
            var previous = entry.Index - 1;
            var before = ready.Entries.FirstOrDefault(e => e.Index == previous)
                ?? (previous == 0 ? null : member.Log[(int)previous - 1]);
            _matching.OnEntry(entry, before?.Term ?? 0);
        }
    }

    /// <summary>True when this member has become leader of a term.</summary>
    public bool OnAdvanced(SimMember member)
    {
        var core = member.Running;
        _monotony.OnStep(member.Id, core.Term, core.CommitIndex);
        if (core.Role != RaftRole.Leader || !_elections.OnLeader(core.Term, member.Id))
            return false;
        Commits.OnLeader(member.Id, core.Term, member.Log);
        return true;
    }

    public void OnRestart(SimMember member)
    {
        if (member.Running.Term < member.PromisedTerm)
            throw new ViolationException(
                $"S5: {member.Id} restarts in term {member.Running.Term}, it had spoken in {member.PromisedTerm}");
        _monotony.OnRestart(member.Id, member.PromisedTerm);
    }
}
