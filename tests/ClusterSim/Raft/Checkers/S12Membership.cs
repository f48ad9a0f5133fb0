using Swarm.Raft;
using Swarm.Raft.Core;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// S12: at most one membership change is uncommitted, configurations that follow each other share their quorums, and
/// an id that was removed does not lead once it knows that its removal is committed. Until then it has to stand in
/// elections: it may be the only one that has the entry (Raft thesis §4.2.2). A new leader may hold a committed change
/// of whose commit it has not heard, and the one after it: what anybody knows to be committed is not open.
/// </summary>
internal sealed class S12Membership
{
    private readonly Dictionary<RaftId, ulong> _removedAt = [];
    private RaftConfiguration? _last;
    private ulong _committed;

    public void OnCommitted(RaftEntry entry)
    {
        _committed = Math.Max(_committed, entry.Index);
        if (entry.Type != EntryType.ConfChange)
            return;
        var next = RaftConfiguration.Decode(entry.Data.Span);
        if (_last is not null)
            Follows(_last, next, entry.Index);
        foreach (var id in next.Removed)
            _removedAt.TryAdd(id, entry.Index);
        _last = next;
    }

    public void OnTurn(RaftId member, RaftCore core)
    {
        if (core.Role == RaftRole.Leader && _removedAt.TryGetValue(member, out var at) && core.CommitIndex >= at)
        {
            throw new ViolationException(
                "S12", $"{member} knows that it was removed at {at} and leads term {core.Term}");
        }
        var (open, committed) = (0, Math.Max(_committed, core.CommitIndex));
        for (var index = core.LastIndex; index > committed && index >= core.FirstIndex; index--)
        {
            if (core.Log.At(index).Type == EntryType.ConfChange)
                open++;
        }
        if (open > 1 && core.Role == RaftRole.Leader)
            throw new ViolationException("S12", $"{open} membership changes are uncommitted on leader {member}");
    }

    private static void Follows(RaftConfiguration last, RaftConfiguration next, ulong index)
    {
        var gone = last.Members.Count(m => !m.Learner && !next.IsVoter(m.Id));
        var come = next.Members.Count(m => !m.Learner && !last.IsVoter(m.Id));
        if (gone + come > 1)
            throw new ViolationException(
                "S12", $"the change at {index} takes {gone} voters and brings {come}: quorums need not meet");
        foreach (var id in last.Removed)
        {
            if (!next.IsRemoved(id) || next.Find(id) is not null)
                throw new ViolationException("S12", $"removed member {id} is back at {index}");
        }
    }
}
