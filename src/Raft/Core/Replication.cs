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
        AppendOwn(s, leader, EntryType.NoOp, ReadOnlyMemory<byte>.Empty);
        SyncFollowers(s, leader);
        BroadcastHeartbeat(s, leader);
    }

    public static ulong AppendOwn(CoreState s, Role.Leader leader, EntryType type, ReadOnlyMemory<byte> data)
    {
        var entry = new RaftEntry(s.Log.LastIndex + 1, s.Term, type, data);
        s.Log.Append([entry]);
        leader.UncommittedBytes += entry.CostBytes;
        return entry.Index;
    }

    /// <summary>One progress for each other member of the configuration in force.</summary>
    public static void SyncFollowers(CoreState s, Role.Leader leader)
    {
        foreach (var gone in leader.Followers.Keys.Where(id => s.Configuration.Find(id) is null).ToArray())
            leader.Followers.Remove(gone);
        var o = s.Options;
        foreach (var member in s.Configuration.Members)
        {
            if (member.Id != s.Self && !leader.Followers.ContainsKey(member.Id))
            {
                var progress = new Progress(s.Log.LastIndex, o.MaxInflightAppends, o.MaxInflightBytes);
                leader.Followers.Add(member.Id, progress);
            }
        }
    }

    public static void Tick(CoreState s, Role.Leader leader)
    {
        foreach (var progress in leader.Followers.Values)
            progress.SilentTicks++;
        if (HeardVoters(s, leader, s.Configuration) < s.Configuration.Quorum)
        {
            s.Follow(s.Term, RaftId.None);
            return;
        }
        if (++leader.HeartbeatTicks >= s.Options.HeartbeatTicks)
            BroadcastHeartbeat(s, leader);
        Membership.TickLearners(s, leader);
    }

    public static void BroadcastHeartbeat(CoreState s, Role.Leader leader)
    {
        leader.HeartbeatTicks = 0;
        foreach (var (id, progress) in leader.Followers)
        {
            var commit = Math.Min(progress.Match, s.Log.Commit);
            s.Send(new HeartbeatRequest(s.To(id), commit, leader.Reads.Round));
        }
    }

    /// <summary>Appends for all followers that lack something and whose window is open.</summary>
    public static void Flush(CoreState s, Role.Leader leader)
    {
        foreach (var (id, progress) in leader.Followers)
        {
            while (!progress.Paused && Lacks(s, progress))
            {
                if (!SendAppend(s, id, progress))
                    break;
            }
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
        return StepOutcome.Handled;
    }

    public static void OnHeartbeatReply(CoreState s, HeartbeatReply m)
    {
        if (s.Role is not Role.Leader leader || !leader.Followers.TryGetValue(m.From, out var progress))
            return;
        progress.SilentTicks = 0;
        progress.Round = Math.Max(progress.Round, Math.Min(m.Round, leader.Reads.Round));
        progress.Resume();
        if (progress.Match < s.Log.LastIndex)
            SendAppend(s, m.From, progress);
        Reads.Confirm(s, leader);
    }

    /// <summary>Voters of a configuration that were heard within the least election timeout, the leader
    /// included.</summary>
    public static int HeardVoters(CoreState s, Role.Leader leader, RaftConfiguration configuration) =>
        configuration.Members.Count(
            m => !m.Learner && (m.Id == s.Self || leader.Followers[m.Id].SilentTicks < s.Options.ElectionMinTicks));

    /// <summary>
    /// Commits by count what is of the own term (Raft §5.4.2, figure 8). The leader itself counts with what its own
    /// disk has.
    /// </summary>
    public static void MaybeCommit(CoreState s, Role.Leader leader)
    {
        var matches = new List<ulong>();
        foreach (var member in s.Configuration.Members)
        {
            if (!member.Learner)
                matches.Add(member.Id == s.Self ? s.Log.Stable : leader.Followers[member.Id].Match);
        }
        matches.Sort();
        var index = matches[^s.Configuration.Quorum];
        var before = s.Log.Commit;
        if (index <= before || s.Log.TermAt(index) != s.Term)
            return;
        s.Log.CommitTo(index);
        for (var i = before + 1; i <= index; i++)
            leader.UncommittedBytes -= s.Log.At(i).CostBytes;
        if (s.Log.CommittedConfiguration.Find(s.Self) is null)
            s.Follow(s.Term, RaftId.None);
    }

    /// <summary>A rejection that does not answer the append on its way is late, and says nothing new.</summary>
    private static void OnRejection(CoreState s, AppendReply m, Progress progress)
    {
        var late = progress.Probing ? m.PrevIndex != progress.Next - 1 : m.PrevIndex <= progress.Match;
        if (late)
            return;
        var meet = m.LastIndex < s.Log.FirstIndex ? m.LastIndex : s.Log.LastNotAfterTerm(m.LastIndex, m.HintTerm).Index;
        progress.Probe(Math.Min(m.PrevIndex, meet + 1));
    }

    private static bool Lacks(CoreState s, Progress progress) =>
        progress.Next <= s.Log.LastIndex || (progress.CommitSent < s.Log.Commit && !progress.NeedsSnapshot);

    /// <summary>False when the follower needs what the log no longer has.</summary>
    private static bool SendAppend(CoreState s, RaftId to, Progress progress)
    {
        var previous = progress.Next - 1;
        progress.NeedsSnapshot = !s.Log.TryTermAt(previous, out var term);
        if (progress.NeedsSnapshot)
            return false;
        var entries = progress.Paused
            ? []
            : s.Log.Slice(progress.Next, s.Log.LastIndex, RaftLimits.MaxAppendEntries, RaftLimits.MaxAppendBytes);
        s.Send(new AppendRequest(s.To(to), previous, term, s.Log.Commit, entries));
        progress.Sent(entries, s.Log.Commit);
        return true;
    }
}
