using Swarm.Model;
using Swarm.Raft;

namespace Swarm.Manager.Core;

/// <summary>What the leader knows of one member of Raft.</summary>
/// <param name="Id">Name of its log.</param>
/// <param name="Node">Node that it runs on.</param>
/// <param name="Voter">It counts for the quorum.</param>
/// <param name="Reachable">It was heard within an election timeout; the leader itself always is.</param>
/// <param name="Match">Entries up to here are on its disk.</param>
/// <param name="KeepsUp">It takes the log as it comes, and its disk has room: it could lead.</param>
internal sealed record RaftPeer(RaftId Id, NodeId Node, bool Voter, bool Reachable, ulong Match, bool KeepsUp)
{
    /// <summary>The picture that the leader has.</summary>
    internal static IReadOnlyList<RaftPeer> Of(RaftStatus status) =>
    [
        .. status.Members.Select(m => new RaftPeer(
            m.Id, new NodeId(m.NodeId), !m.Learner, m.Id == status.Id || m.RecentActive,
            m.Id == status.Id ? status.LastIndex : m.Match,
            m.ProgressState == ProgressState.Replicate && m.RecentActive && !m.DiskFull)),
    ];
}
