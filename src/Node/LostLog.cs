using Swarm.Raft.Storage;
using Swarm.Security;

namespace Swarm.Node;

/// <summary>
/// Before a member starts: its log belongs to its role. A manager without its log has forgotten what it promised and
/// must never vote under its old name again (raft-pitfalls R25); it gets another name and joins the others anew. What a
/// worker has of a log is left over from when it was a manager.
/// </summary>
internal static class LostLog
{
    /// <summary>What to start with; durable when it returns.</summary>
    internal static MemberState Mend(NodePaths paths, MemberState state, CertificateRole role, Action<string> warn)
    {
        if (role != CertificateRole.Manager)
        {
            return state.RaftId == 0 && !Directory.Exists(paths.Raft) ? state : Forget(paths, state);
        }

        if (state.RaftId != 0 && RaftStorage.Exists(new LinuxDisk(), paths.Raft))
        {
            return IsBack(paths, state) ? Return(paths, state, warn) : state;
        }

        if (state.RaftId != 0)
        {
            warn($"the raft log of this manager is gone from {paths.Raft}: it joins the others again as a new member, "
                + "and gets everything from them");
        }

        var lost = state.RaftId != 0 && state.LostRaftId == 0 ? state.RaftId : state.LostRaftId;
        return Renew(paths, state, lost);
    }

    /// <summary>The others know this manager by its new name: the old one means nothing any more.</summary>
    internal static MemberState TakenIn(NodePaths paths, MemberState state)
    {
        if (state.LostRaftId == 0)
        {
            return state;
        }

        var next = state with { LostRaftId = 0 };
        next.Save(paths.Member);
        return next;
    }

    /// <summary>The disk with the log was not there at a start, and nothing was promised under the new name yet.
    /// </summary>
    private static bool IsBack(NodePaths paths, MemberState state) =>
        state.LostRaftId != 0 && RaftStorage.OwnersOf(new LinuxDisk(), paths.Raft) is [var only]
        && only.Value == state.LostRaftId;

    private static MemberState Return(NodePaths paths, MemberState state, Action<string> warn)
    {
        warn($"the raft log of this manager is back in {paths.Raft}: it goes on as the member that it was");
        var next = state with { RaftId = state.LostRaftId, LostRaftId = 0 };
        next.Save(paths.Member);
        return next;
    }

    /// <summary>Another name, and nothing of the log before.</summary>
    internal static MemberState Renew(NodePaths paths, MemberState state, ulong lost = 0)
    {
        var next = Forget(paths, state) with { RaftId = NewSwarm.RaftId(), LostRaftId = lost };
        next.Save(paths.Member);
        return next;
    }

    /// <summary>No log, no name.</summary>
    internal static MemberState Forget(NodePaths paths, MemberState state)
    {
        if (Directory.Exists(paths.Raft))
        {
            Directory.Delete(paths.Raft, recursive: true);
        }

        var next = state with { RaftId = 0, LostRaftId = 0 };
        next.Save(paths.Member);
        return next;
    }
}
