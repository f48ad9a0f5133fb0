namespace Swarm.Raft.Core;

/// <summary>
/// Voters whose disks are full take no entries. When a quorum needs them, nothing new is taken by the leader, and they
/// get what is in its log already, into the reserve of their disks: a leader that could not commit the first entry of
/// its term could not even answer reads (thesis §6.4). That reserve must hold what a leader takes uncommitted,
/// <see cref="RaftCoreOptions.MaxUncommittedBytes"/>.
/// </summary>
internal static class DiskRoom
{
    /// <summary>To be called at each tick, and when a follower tells that its disk has become full or free.</summary>
    public static void Judge(CoreState s, Role.Leader leader)
    {
        leader.LacksRoom = VotersWithRoom(s, leader) < s.Configuration.Quorum;
        foreach (var (id, progress) in leader.Followers)
            progress.Need(leader.LacksRoom && progress.DiskFull && s.Configuration.IsVoter(id));
    }

    /// <summary>Of those that are heard: who is silent helps nobody.</summary>
    private static int VotersWithRoom(CoreState s, Role.Leader leader)
    {
        var count = 0;
        foreach (var m in s.Configuration.Members)
        {
            var hasRoom = m.Id == s.Self
                ? !s.DiskFull
                : leader.Followers.TryGetValue(m.Id, out var p) && !p.DiskFull
                    && p.SilentTicks < s.Options.ElectionMinTicks;
            count += !m.Learner && hasRoom ? 1 : 0;
        }
        return count;
    }
}
