using Swarm.Raft;
using Swarm.Raft.Core;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// S15: what a member said it has on disk is there after a crash: the entries that it acknowledged to a leader, unless
/// a later leader replaced them.
/// </summary>
internal sealed class S15KeptPromises
{
    private readonly Dictionary<RaftId, (ulong LeaderTerm, ulong Index, ulong Term)> _acknowledged = [];

    public void OnSend(SimMember member, RaftMessage message)
    {
        var index = message switch
        {
            AppendReply { Rejected: false } reply => reply.LastIndex,
            SnapshotReply { Outcome: SnapshotOutcome.Installed } reply => reply.Index,
            _ => 0UL,
        };
        if (index == 0 || member.Process is not { } process || !process.Core.Log.TryTermAt(index, out var term))
            return;
        var before = _acknowledged.GetValueOrDefault(member.Id);
        if (message.Envelope.Term > before.LeaderTerm || index > before.Index)
            _acknowledged[member.Id] = (message.Envelope.Term, index, term);
    }

    public void OnStart(SimMember member, RaftCore core)
    {
        if (!_acknowledged.TryGetValue(member.Id, out var told)
            || core.Term > told.LeaderTerm || told.Index < core.FirstIndex)
            return;
        if (!core.Log.TryTermAt(told.Index, out var term) || term != told.Term)
            throw new ViolationException(
                "S15", $"{member.Id} acknowledged entry {told.Index} of term {told.Term} to the leader of "
                    + $"{told.LeaderTerm}; after a crash its log ends at {core.LastIndex}");
    }
}
