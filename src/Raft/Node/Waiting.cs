using System.Security.Cryptography;
using Swarm.Raft.Core;

namespace Swarm.Raft;

/// <summary>Local callers and what they wait for. Belongs to the raft thread.</summary>
internal sealed class Waiting(RaftCore core)
{
    private readonly Dictionary<ulong, ProposalRequest> _proposals = [];
    private readonly Dictionary<ulong, ReadIndexRequest> _unconfirmed = [];
    private readonly PriorityQueue<ReadIndexRequest, ulong> _confirmed = new();

    /// <summary>Starts anywhere: an answer to a read of an earlier life of this member must not fit one of
    /// this.</summary>
    private ulong _lastReadId = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    private RaftMember? Leader => core.Configuration.Find(core.Leader);

    public void HandIn(NodeRequest request)
    {
        switch (request)
        {
            case ProposalRequest proposal when proposal.HandIn():
                Propose(proposal);
                break;
            case ReadIndexRequest { Abandoned: false } read:
                if (core.ReadIndex(++_lastReadId))
                    _unconfirmed.Add(_lastReadId, read);
                else
                    read.Refuse(NotDoneReason.NotLeader, "", Leader);
                break;
        }
    }

    /// <summary>An entry was applied: its proposer learns the result, or that another entry took its place.</summary>
    public void Committed(RaftEntry entry, object? result)
    {
        if (!_proposals.Remove(entry.Index, out var proposal))
            return;
        if (proposal.Term == entry.Term)
            proposal.Complete(ProposeResult.Done(entry.Index, result));
        else
            proposal.Refuse(NotDoneReason.NotLeader, "another leader's entry took its place", Leader);
    }

    public void Answer(IReadOnlyList<ReadState> states)
    {
        foreach (var state in states)
        {
            if (!_unconfirmed.Remove(state.RequestId, out var read))
                continue;
            if (state.Confirmed)
                _confirmed.Enqueue(read, state.Index);
            else
                read.Refuse(NotDoneReason.NotLeader, "", Leader);
        }
    }

    public void Applied(ulong index)
    {
        while (_confirmed.TryPeek(out var read, out var at) && at <= index)
        {
            _confirmed.Dequeue();
            read.Complete(at);
        }
    }

    /// <summary>What was handed in under a leadership that ended may still be committed by another leader, or
    /// not.</summary>
    public void LeadershipLost(RaftStatus now)
    {
        foreach (var (index, proposal) in _proposals.ToArray())
        {
            if (now.Role == RaftRole.Leader && proposal.Term == now.Term)
                continue;
            _proposals.Remove(index);
            proposal.Complete(
                ProposeResult.Unknown("this member stopped leading before it was committed") with { Leader = Leader });
        }
    }

    public void StopAll()
    {
        foreach (var proposal in _proposals.Values)
            proposal.Complete(ProposeResult.Unknown("this node stopped before it was committed"));
        foreach (var read in _unconfirmed.Values.Concat(_confirmed.UnorderedItems.Select(i => i.Element)))
            read.Refuse(NotDoneReason.Stopped, "", null);
    }

    private void Propose(ProposalRequest proposal)
    {
        var receipt = proposal.Change is { } change ? core.ProposeConfChange(change) : core.Propose(proposal.Data);
        if (receipt.Refusal != NotDoneReason.None)
        {
            proposal.Refuse(receipt.Refusal, receipt.Why, Leader);
            return;
        }
        proposal.Term = receipt.Term;
        _proposals[receipt.Index] = proposal;
    }
}
