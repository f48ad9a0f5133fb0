using Swarm.Raft.Core;

namespace Swarm.Raft;

/// <summary>
/// Local callers and what they wait for. Belongs to the raft thread. Ids of reads start anywhere in each life: an
/// answer to a read of an earlier life of this member must not fit one of this.
/// </summary>
internal sealed class Waiting(RaftCore core, ulong firstReadId)
{
    private readonly Dictionary<ulong, ProposalRequest> _proposals = [];
    private readonly Dictionary<ulong, ReadIndexRequest> _unconfirmed = [];
    private readonly PriorityQueue<ReadIndexRequest, ulong> _confirmed = new();
    private readonly List<TransferRequest> _transfers = [];
    private ulong _lastReadId = firstReadId;

    private RaftMember? Leader => core.Configuration.Find(core.Leader);

    public void Propose(ProposalRequest proposal)
    {
        if (!proposal.HandIn())
            return;
        var receipt = proposal.Change is { } change ? core.ProposeConfChange(change) : core.Propose(proposal.Data);
        if (receipt.Refusal != NotDoneReason.None)
        {
            proposal.Refuse(receipt.Refusal, receipt.Why, Leader);
            return;
        }
        proposal.Term = receipt.Term;
        _proposals[receipt.Index] = proposal;
    }

    public void Read(ReadIndexRequest read)
    {
        if (read.Abandoned)
            return;
        var refusal = core.ReadIndex(++_lastReadId);
        if (refusal == NotDoneReason.None)
            _unconfirmed.Add(_lastReadId, read);
        else
            read.Refuse(refusal, "", Leader);
    }

    public void Transfer(TransferRequest transfer)
    {
        var receipt = core.TransferLeadership(transfer.To);
        if (receipt.Refusal == NotDoneReason.None)
            _transfers.Add(transfer);
        else
            transfer.Refuse(receipt.Refusal, receipt.Why, Leader);
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
        for (var i = 0; i < states.Count; i++)
        {
            if (!_unconfirmed.Remove(states[i].RequestId, out var read))
                continue;
            if (states[i].Confirmed)
                _confirmed.Enqueue(read, states[i].Index);
            else
                read.Refuse(states[i].Refusal, "", Leader);
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
    public void LeadershipLost()
    {
        foreach (var (index, proposal) in _proposals.ToArray())
        {
            if (core.Role == RaftRole.Leader && proposal.Term == core.Term)
                continue;
            _proposals.Remove(index);
            if (Planted.Breaks(Rule.R19))
                proposal.Refuse(NotDoneReason.NotLeader, "planted", Leader);
            proposal.Complete(
                ProposeResult.Unknown("this member stopped leading before it was committed") with { Leader = Leader });
        }
    }

    /// <summary>A transfer has ended when another member leads, or when this one gave it up and still leads.</summary>
    public void CheckTransfers()
    {
        if (_transfers.Count == 0)
            return;
        var leads = core.Role == RaftRole.Leader;
        if (leads ? core.HandOverTo != RaftId.None : core.Leader == RaftId.None)
            return;
        foreach (var transfer in _transfers)
        {
            if (leads)
                transfer.Refuse(NotDoneReason.None, "the other member did not take over in time", null);
            else
                transfer.Complete();
        }
        _transfers.Clear();
    }

    public void StopAll()
    {
        foreach (var proposal in _proposals.Values)
            proposal.Complete(ProposeResult.Unknown("this node stopped before it was committed"));
        foreach (var read in _unconfirmed.Values.Concat(_confirmed.UnorderedItems.Select(i => i.Element)))
            read.Refuse(NotDoneReason.Stopped, "", null);
        foreach (var transfer in _transfers)
            transfer.Refuse(NotDoneReason.Stopped, "this node is stopping", null);
    }
}
