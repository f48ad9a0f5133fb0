namespace Swarm.Raft.Core;

/// <summary>The leader's side: appends, heartbeats, commitment (Raft §5.3, §5.4.2) and the quorum check (thesis
/// §6.2).</summary>
internal static class Replication
{
    /// <summary>The first act of a leader is an entry of its own term: with it commits all that went before.</summary>
    public static void Lead(CoreState s)
    {
        var leader = new Role.Leader(s.Log.LastIndex + 1);
        s.Become(leader);
        for (var i = s.Log.Commit + 1; i <= s.Log.LastIndex; i++)
            leader.UncommittedBytes += s.Log.At(i).CostBytes;
        s.Receiving = default;
        AppendOwn(s, leader, EntryType.NoOp, ReadOnlyMemory<byte>.Empty);
        SyncFollowers(s, leader);
        BroadcastHeartbeat(s, leader);
    }

    public static ulong AppendOwn(CoreState s, Role.Leader leader, EntryType type, ReadOnlyMemory<byte> data)
    {
        var entry = new RaftEntry(s.Log.LastIndex + 1, s.Term, type, data);
        s.Log.Append(entry);
        leader.UncommittedBytes += entry.CostBytes;
        return entry.Index;
    }

    /// <summary>Why bytes are not taken (R27, R29); null when they are.</summary>
    public static ProposalReceipt? RefuseProposal(CoreState s, Role.Leader leader, int bytes)
    {
        var waiting = s.Log.LastIndex - s.Log.Commit;
        if (bytes > RaftLimits.MaxEntryBytes)
            return ProposalReceipt.Refuse(
                NotDoneReason.TooLarge, $"entry has {bytes} bytes, the most is {RaftLimits.MaxEntryBytes}");
        if (s.DiskFull)
            return ProposalReceipt.Refuse(NotDoneReason.DiskFull, "the leader's disk is almost full");
        if (leader.LacksRoom)
            return ProposalReceipt.Refuse(NotDoneReason.DiskFull, "the disks of too many managers are almost full");
        if (leader.HandOver is { } handOver)
            return ProposalReceipt.Refuse(
                NotDoneReason.Busy, $"leadership goes to {handOver.To} at the moment; try again");
        if (Planted.Breaks(Rule.R27))
            return null;
        if (waiting >= (ulong)s.Options.MaxUncommittedEntries
            || leader.UncommittedBytes + bytes > s.Options.MaxUncommittedBytes)
            return ProposalReceipt.Refuse(
                NotDoneReason.Busy,
                $"{waiting} entries ({leader.UncommittedBytes} bytes) wait for a quorum already");
        return null;
    }

    /// <summary>One progress for each other member of the configuration in force.</summary>
    public static void SyncFollowers(CoreState s, Role.Leader leader)
    {
        foreach (var gone in leader.Followers.Keys.Where(id => s.Configuration.Find(id) is null).ToArray())
            leader.Followers.Remove(gone);
        foreach (var member in s.Configuration.Members)
        {
            if (member.Id != s.Self && !leader.Followers.ContainsKey(member.Id))
                leader.Followers.Add(member.Id, new Progress(s.Log.LastIndex, s.Options));
        }
    }

    public static void Tick(CoreState s, Role.Leader leader)
    {
        foreach (var progress in leader.Followers.Values)
        {
            progress.Tick(s.Log.Commit);
            Snapshots.Tick(s, progress);
        }
        if (HeardVoters(s, leader, s.Configuration) < s.Configuration.Quorum && !Planted.Breaks(Rule.R11))
        {
            s.Follow(s.Term, RaftId.None);
            return;
        }
        DiskRoom.Judge(s, leader);
        if (++leader.HeartbeatTicks >= s.Options.HeartbeatTicks)
            BroadcastHeartbeat(s, leader);
        Membership.TickLearners(s, leader);
        HandingOver.Tick(s, leader);
    }

    public static void BroadcastHeartbeat(CoreState s, Role.Leader leader)
    {
        leader.HeartbeatTicks = 0;
        foreach (var (id, progress) in leader.Followers)
        {
            var commit = Planted.Breaks(Rule.R6Heartbeat) ? s.Log.Commit : Math.Min(progress.Match, s.Log.Commit);
            s.Send(new HeartbeatRequest(s.To(id), commit, leader.Reads.Round));
        }
        if (leader.HandOver is { } handOver)
            handOver.Told = false;
        HandingOver.Progressed(s, leader);
    }

    /// <summary>Appends for all followers that lack something and whose window is open.</summary>
    public static void Flush(CoreState s, Role.Leader leader)
    {
        foreach (var (id, progress) in leader.Followers)
        {
            while (!progress.Paused && Lacks(s, progress))
            {
                if (!SendAppend(s, leader, id, progress))
                    break;
            }
            if (progress.State == ProgressState.Snapshot)
                Snapshots.Flush(s, leader, id, progress);
        }
    }

    public static StepOutcome OnAppendReply(CoreState s, AppendReply m)
    {
        if (s.Role is not Role.Leader leader || !leader.Followers.TryGetValue(m.From, out var progress))
            return StepOutcome.Handled;
        if (m.LastIndex > s.Log.LastIndex || m.PrevIndex > s.Log.LastIndex)
            return StepOutcome.Malformed;
        progress.SilentTicks = 0;
        if (m.Rejected)
            OnRejection(s, m, progress);
        else if (progress.Accepted(m.LastIndex))
            MaybeCommit(s, leader);
        if (leader.HandOver is not null)
            HandingOver.Progressed(s, leader);
        return StepOutcome.Handled;
    }

    public static void OnHeartbeatReply(CoreState s, HeartbeatReply m)
    {
        if (s.Role is not Role.Leader leader || !leader.Followers.TryGetValue(m.From, out var progress))
            return;
        progress.SilentTicks = 0;
        progress.Round = Math.Max(progress.Round, Math.Min(m.Round, leader.Reads.Round));
        var roomChanged = progress.DiskFull != m.DiskFull;
        progress.Resume(m.DiskFull);
        if (roomChanged)
            DiskRoom.Judge(s, leader);
        if (progress.Match < s.Log.LastIndex && progress.State != ProgressState.Snapshot
            && (!m.DiskFull || progress.Needed))
            SendAppend(s, leader, m.From, progress);
        Reads.Confirm(s, leader);
    }

    /// <summary>Voters of a configuration that were heard within the least election timeout, the leader
    /// included.</summary>
    public static int HeardVoters(CoreState s, Role.Leader leader, RaftConfiguration configuration)
    {
        var heard = 0;
        foreach (var m in configuration.Members)
        {
            var isHeard = m.Id == s.Self || leader.Followers[m.Id].SilentTicks < s.Options.ElectionMinTicks;
            heard += !m.Learner && isHeard ? 1 : 0;
        }
        return heard;
    }

    /// <summary>The greatest number that a majority of the given ones reaches.</summary>
    public static ulong QuorumOf(Span<ulong> voters)
    {
        voters.Sort();
        return voters[(voters.Length - 1) / 2];
    }

    /// <summary>What was written is durable here.</summary>
    public static void OwnDiskAdvanced(CoreState s, Role.Leader leader)
    {
        MaybeCommit(s, leader);
        HandingOver.Progressed(s, leader);
    }

    /// <summary>
    /// Commits by count what is of the own term (Raft §5.4.2, figure 8). The leader itself counts with what its own
    /// disk has.
    /// </summary>
    public static void MaybeCommit(CoreState s, Role.Leader leader)
    {
        Span<ulong> matches = stackalloc ulong[RaftLimits.MaxMembers];
        var voters = 0;
        foreach (var member in s.Configuration.Members)
        {
            if (!member.Learner || Planted.Breaks(Rule.R17))
                matches[voters++] = member.Id == s.Self ? OwnMatch(s) : leader.Followers[member.Id].Match;
        }
        var index = QuorumOf(matches[..voters]);
        if (Planted.Breaks(Rule.R28Follower))
            index = matches[0];
        var before = s.Log.Commit;
        if (index <= before || (s.Log.TermAt(index) != s.Term && !Planted.Breaks(Rule.R4)))
            return;
        var configuration = s.Log.CommittedConfiguration;
        s.Log.CommitTo(index);
        if (!ReferenceEquals(configuration, s.Log.CommittedConfiguration))
            Membership.TellRemoved(s, configuration);
        for (var i = before + 1; i <= index; i++)
            leader.UncommittedBytes -= s.Log.At(i).CostBytes;
        if (s.Log.CommittedConfiguration.Find(s.Self) is null && !Planted.Breaks(Rule.R9Removed))
            s.Follow(s.Term, RaftId.None);
    }

    private static ulong OwnMatch(CoreState s) => Planted.Breaks(Rule.R3) ? s.Log.LastIndex : s.Log.Stable;

    /// <summary>A rejection that does not answer the append on its way is late, and says nothing new.</summary>
    private static void OnRejection(CoreState s, AppendReply m, Progress progress)
    {
        if (progress.State == ProgressState.Snapshot)
            return;
        var late = progress.State == ProgressState.Probe
            ? m.PrevIndex != progress.Next - 1
            : m.PrevIndex <= progress.Match;
        if (late)
            return;
        var meet = m.LastIndex < s.Log.FirstIndex ? m.LastIndex : s.Log.LastNotAfterTerm(m.LastIndex, m.HintTerm).Index;
        progress.Probe(Math.Min(m.PrevIndex, meet + 1));
    }

    /// <summary>Entries, or the news of a commitment that no entries have carried.</summary>
    private static bool Lacks(CoreState s, Progress progress) =>
        progress.Next <= s.Log.LastIndex || progress.CommitIsOverdue;

    /// <summary>False when the follower needs what the log no longer has, and gets a snapshot instead.</summary>
    private static bool SendAppend(CoreState s, Role.Leader leader, RaftId to, Progress progress)
    {
        var previous = progress.Next - 1;
        if (!s.Log.TryTermAt(previous, out var term))
        {
            Snapshots.Begin(s, leader, progress);
            return false;
        }
        var entries = progress.Paused
            ? []
            : s.Log.Slice(progress.Next, s.Log.LastIndex, RaftLimits.MaxAppendEntries, RaftLimits.MaxAppendBytes);
        s.Send(new AppendRequest(s.To(to), previous, term, s.Log.Commit, entries) { Needed = progress.Needed });
        progress.Sent(entries, s.Log.Commit);
        return true;
    }
}
