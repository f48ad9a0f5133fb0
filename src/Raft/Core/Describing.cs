namespace Swarm.Raft.Core;

/// <summary>What a leader knows of others, for people and for the shell.</summary>
internal static class Describing
{
    public static IReadOnlyList<RaftMemberStatus> Members(CoreState s)
    {
        var leader = s.Role as Role.Leader;
        var members = s.Configuration.Members;
        var described = new RaftMemberStatus[members.Length];
        for (var i = 0; i < described.Length; i++)
            described[i] = Describe(s, members[i], leader);
        return described;
    }

    public static bool IsSending(CoreState s, SnapshotMark snapshot)
    {
        if (s.Role is not Role.Leader leader)
            return false;
        foreach (var progress in leader.Followers.Values)
        {
            if (ReferenceEquals(progress.Transfer?.Mark, snapshot))
                return true;
        }
        return false;
    }

    private static RaftMemberStatus Describe(CoreState s, RaftMember member, Role.Leader? leader)
    {
        var status = new RaftMemberStatus(member.Id, member.Address, member.Learner, member.NodeId);
        if (leader is null)
            return status;
        return leader.Followers.TryGetValue(member.Id, out var p)
            ? status with
            {
                Match = p.Match,
                RecentActive = p.SilentTicks < s.Options.ElectionMinTicks,
                ProgressState = p.State,
                DiskFull = p.DiskFull,
            }
            : status with
            {
                Match = s.Log.Stable,
                RecentActive = true,
                ProgressState = ProgressState.Replicate,
                DiskFull = s.DiskFull,
            };
    }
}
