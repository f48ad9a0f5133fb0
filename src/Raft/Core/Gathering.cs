namespace Swarm.Raft.Core;

/// <summary>Makes a <see cref="Ready"/> of what has come together. Lists change hands and are not copied.</summary>
internal static class Gathering
{
    /// <summary>Null when there is nothing to do.</summary>
    /// <param name="s">What there is.</param>
    /// <param name="durable">What was written last.</param>
    /// <param name="commitIsDue">The commit index is written for its own sake; else it waits for entries or a promise.
    /// A member that starts with an older one hears the newer from its leader.</param>
    public static Ready? Gather(CoreState s, HardState durable, bool commitIsDue)
    {
        var log = s.Log;
        var now = new HardState(s.Term, s.Vote, log.Commit);
        var promises = now.Term != durable.Term || now.Vote != durable.Vote;
        if (!promises && !commitIsDue && log.Stable == log.LastIndex)
            now = durable;
        if (now == durable && log.Stable == log.LastIndex && log.Applied == log.Commit && s.Outbox.Count == 0
            && s.ReadStates.Count == 0 && s.SnapshotReads.Count == 0 && s.SnapshotWrites.Count == 0)
            return null;
        var (early, late) = SplitOutbox(s, promises);
        var entries = log.Slice(log.Stable + 1, log.LastIndex, int.MaxValue, int.MaxValue);
        var ready = new Ready
        {
            HardState = now == durable ? null : now,
            Entries = entries,
            MessagesBeforeSync = early,
            Messages = late,
            Committed = log.Slice(log.Applied + 1, log.Commit, RaftLimits.MaxCommittedPerReady, int.MaxValue),
            ReadStates = s.ReadStates.Count == 0 ? [] : s.ReadStates,
            SnapshotWrites = s.SnapshotWrites.Count == 0 ? [] : s.SnapshotWrites,
            SnapshotReads = s.SnapshotReads.Count == 0 ? [] : s.SnapshotReads,
            Prepare = s.HasToPrepare ? s.Whole?.Mark : null,
            Install = s.Install,
            InstallState = s.Install is { } mark ? now with { Commit = mark.Index } : default,
            MustSync = (promises && !Planted.Breaks(Rule.R1)) || (entries.Length > 0 && !Planted.Breaks(Rule.R2)),
        };
        Renew(s);
        return ready;
    }

    private static void Renew(CoreState s)
    {
        s.Install = null;
        s.HasToPrepare = false;
        if (s.ReadStates.Count > 0)
            s.ReadStates = [];
        if (s.SnapshotWrites.Count > 0)
            s.SnapshotWrites = [];
        if (s.SnapshotReads.Count > 0)
            s.SnapshotReads = [];
    }

    /// <summary>A leader's messages that depend on nothing unwritten leave before the sync (thesis §10.2.1).</summary>
    private static (IReadOnlyList<RaftMessage> Early, IReadOnlyList<RaftMessage> Late) SplitOutbox(
        CoreState s, bool promises)
    {
        var all = s.Outbox;
        if (all.Count == 0)
            return ([], []);
        s.Outbox = [];
        if (Planted.Breaks(Rule.R15Reply) && s.Install is not null)
            return (all, []);
        if (promises || s.Role is not Role.Leader)
            return ([], all);
        var early = new List<RaftMessage>(all.Count);
        List<RaftMessage>? late = null;
        foreach (var message in all)
        {
            if (message.Term == s.Term && message is AppendRequest or HeartbeatRequest)
                early.Add(message);
            else
                (late ??= []).Add(message);
        }
        return (early, late ?? (IReadOnlyList<RaftMessage>)[]);
    }
}
