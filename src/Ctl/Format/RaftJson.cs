using System.Text.Json.Nodes;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Format;

/// <summary>What `info --format` tells of Raft. Ids are texts: 64 bits do not fit every reader's numbers.</summary>
internal static class RaftJson
{
    internal static JsonObject Of(RaftInfo raft) => new()
    {
        ["ID"] = $"{raft.RaftId}",
        ["Role"] = raft.Role,
        ["Term"] = raft.Term,
        ["LeaderID"] = $"{raft.LeaderRaftId}",
        ["CommitIndex"] = raft.CommitIndex,
        ["AppliedIndex"] = raft.AppliedIndex,
        ["FirstIndex"] = raft.FirstIndex,
        ["LastIndex"] = raft.LastIndex,
        ["SnapshotIndex"] = raft.SnapshotIndex,
        ["SnapshotAgeSeconds"] = raft.SnapshotAgeMs < 0 ? null : raft.SnapshotAgeMs / 1000,
        ["SnapshotBytes"] = raft.SnapshotBytes,
        ["LogBytes"] = raft.LogBytes,
        ["DiskFull"] = raft.DiskFull,
        ["Removed"] = raft.Removed,
        ["Stalled"] = raft.Stalled,
        ["DisputedIndex"] = raft.DisputedIndex,
        ["Voters"] = raft.Members.Count(m => !m.Learner),
        ["Learners"] = raft.Members.Count(m => m.Learner),
        ["Members"] = new JsonArray([.. raft.Members.Select(m => (JsonNode)Member(raft, m))]),
    };

    private static JsonObject Member(RaftInfo raft, RaftMemberInfo member) => new()
    {
        ["ID"] = $"{member.RaftId}",
        ["NodeID"] = member.NodeId,
        ["Addr"] = member.Address,
        ["Leader"] = member.RaftId == raft.LeaderRaftId,
        ["Learner"] = member.Learner,
        ["Reachability"] = !raft.MembersKnown ? "unknown" : member.Reachable ? "reachable" : "unreachable",
        ["MatchIndex"] = raft.MembersKnown ? member.Match : null,
        ["DiskFull"] = raft.MembersKnown ? member.DiskFull : null,
    };
}
