using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Rpc;

namespace Swarm.Manager;

/// <summary>What people are told of Raft.</summary>
public static class RaftReport
{
    private static readonly RpcMethod<DescribeRaftRequest, DescribeRaftResponse> Describe =
        RpcMethod<DescribeRaftRequest, DescribeRaftResponse>.Of(Wire.RaftPeer, "DescribeRaft");

    /// <summary>All that this manager knows itself; of the others, only the leader knows how far they are.</summary>
    public static RaftInfo Of(RaftStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        var info = new RaftInfo
        {
            RaftId = status.Id.Value,
            Term = status.Term,
            Role = status.Role.ToString().ToLowerInvariant(),
            LeaderRaftId = status.LeaderId?.Value ?? 0,
            CommitIndex = status.CommitIndex,
            AppliedIndex = status.AppliedIndex,
            FirstIndex = status.FirstIndex,
            LastIndex = status.LastIndex,
            SnapshotIndex = status.SnapshotIndex,
            SnapshotAgeMs = status.SnapshotAge is { } age ? (long)age.TotalMilliseconds : -1,
            SnapshotBytes = status.SnapshotBytes,
            LogBytes = status.LogBytes,
            DiskFull = status.DiskFull,
            Removed = status.Removed,
            Stalled = status.Stalled,
            DisputedIndex = status.DisputedIndex,
            MembersKnown = status.Role == RaftRole.Leader,
        };
        info.Members.Add(Members(status));
        return info;
    }

    /// <summary>With the leader's knowledge of the members, if it answers in time.</summary>
    internal static async Task<RaftInfo> WithLeaderAsync(
        RaftStatus status, LeaderLink link, TimeSpan atMost, CancellationToken ct)
    {
        var info = Of(status);
        if (info.MembersKnown || status.LeaderMember is not { } leader)
        {
            return info;
        }

        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ct);
        bounded.CancelAfter(atMost);
        try
        {
            var known = await link.UnaryAsync(leader.Address, Describe, new DescribeRaftRequest(), bounded.Token)
                .ConfigureAwait(false);
            info.Members.Clear();
            info.Members.Add(known.Members);
            info.MembersKnown = true;
            return info;
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            // The leader does not answer; what this manager knows itself is told, and that it is all.
            return info;
        }
    }

    /// <summary>The members as this manager sees them.</summary>
    internal static IEnumerable<RaftMemberInfo> Members(RaftStatus status) => status.Members.Select(m =>
        new RaftMemberInfo
        {
            RaftId = m.Id.Value,
            NodeId = m.NodeId,
            Address = m.Address,
            Learner = m.Learner,
            Reachable = m.Id == status.Id || m.RecentActive,
            Match = m.Id == status.Id ? status.LastIndex : m.Match,
            Progress = m.Id == status.Id ? "" : m.ProgressState.ToString().ToLowerInvariant(),
            DiskFull = m.Id == status.Id ? status.DiskFull : m.DiskFull,
        });
}
