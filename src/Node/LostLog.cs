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
            return state;
        }

        if (state.RaftId != 0)
        {
            warn($"the raft log of this manager is gone from {paths.Raft}: it joins the others again as a new member, "
                + "and gets everything from them");
        }

        return Renew(paths, state);
    }

    /// <summary>Another name, and nothing of the log before.</summary>
    internal static MemberState Renew(NodePaths paths, MemberState state)
    {
        var next = Forget(paths, state) with { RaftId = NewSwarm.RaftId() };
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

        var next = state with { RaftId = 0 };
        next.Save(paths.Member);
        return next;
    }
}
