namespace Swarm.Raft.Core;

/// <summary>A leader that hands its office over (thesis §3.10).</summary>
internal sealed class HandOver(RaftId to)
{
    public RaftId To => to;

    public int Ticks { get; set; }

    public bool Told { get; set; }
}

/// <summary>
/// Leadership transfer: no proposals meanwhile, the word only to a voter that has the whole log, and an end after an
/// election timeout whatever happens (R29).
/// </summary>
internal static class HandingOver
{
    /// <summary>Begins it; <paramref name="to"/> None means the voter that lags least.</summary>
    public static ProposalReceipt Begin(CoreState s, RaftId to)
    {
        if (s.Role is not Role.Leader leader)
            return ProposalReceipt.Refuse(NotDoneReason.NotLeader, "this member is not the leader");
        if (to == s.Self)
            return ProposalReceipt.Refuse(NotDoneReason.ChangeRefused, "this member leads already");
        if (leader.HandOver is not null)
            return ProposalReceipt.Refuse(NotDoneReason.ChangePending, "leadership is being handed over already");
        if (s.Log.ConfigurationIndex > s.Log.Commit)
            return ProposalReceipt.Refuse(NotDoneReason.ChangePending, "a membership change is in flight; try again");
        var chosen = to == RaftId.None ? MostCaughtUp(s, leader, healthy: false) : to;
        if (chosen == RaftId.None || !Fits(s, leader, chosen, healthy: false))
            return ProposalReceipt.Refuse(
                NotDoneReason.ChangeRefused,
                chosen == RaftId.None
                    ? "no other voter is heard and keeps up with the log"
                    : $"member {chosen} is no voter that is heard and keeps up with the log");
        leader.HandOver = new HandOver(chosen);
        Progressed(s, leader);
        return new(0, s.Term, NotDoneReason.None, "");
    }

    /// <summary>Tells the successor once it has everything.</summary>
    public static void Progressed(CoreState s, Role.Leader leader)
    {
        if (leader.HandOver is not { Told: false } handOver
            || !leader.Followers.TryGetValue(handOver.To, out var progress)
            || (progress.Match < s.Log.LastIndex && !Planted.Breaks(Rule.R29Lag)))
            return;
        handOver.Told = true;
        s.Send(new TimeoutNow(s.To(handOver.To)));
    }

    public static void Tick(CoreState s, Role.Leader leader)
    {
        if (leader.HandOver is { } handOver && ++handOver.Ticks >= s.Options.ElectionMaxTicks
            && !Planted.Breaks(Rule.R29))
        {
            // The word that has not left yet must not leave together with what is taken from now on.
            s.Outbox.RemoveAll(m => m is TimeoutNow);
            leader.HandOver = null;
        }
        var helps = s.DiskFull && !leader.LacksRoom;
        if (helps && leader.HandOver is null && ++leader.FullTicks >= s.Options.ElectionMinTicks)
        {
            leader.FullTicks = 0;
            if (MostCaughtUp(s, leader, healthy: true) is { Value: > 0 } healthy)
                Begin(s, healthy);
        }
    }

    /// <summary>
    /// The leader asked this member to take over: at once, and voters need not stand by the old one. It still asks
    /// before it disturbs: when the word comes late, after a pause, the others are ahead and say no, and the leader
    /// that has long gone on is not deposed.
    /// </summary>
    public static void OnTimeoutNow(CoreState s, TimeoutNow m)
    {
        if (s.Role is Role.Follower f && f.LeaderId == m.From && s.Configuration.IsVoter(s.Self) && !s.Removed)
            Elections.AskForVotes(s, transfer: true);
    }

    /// <summary>The voter that lags least; of those that have room on their disk, when it has to be healthy.</summary>
    private static RaftId MostCaughtUp(CoreState s, Role.Leader leader, bool healthy)
    {
        var (best, match) = (RaftId.None, 0UL);
        foreach (var (id, progress) in leader.Followers)
        {
            if (Fits(s, leader, id, healthy) && (best == RaftId.None || progress.Match > match))
                (best, match) = (id, progress.Match);
        }
        return best;
    }

    private static bool Fits(CoreState s, Role.Leader leader, RaftId id, bool healthy) =>
        s.Configuration.IsVoter(id) && leader.Followers.TryGetValue(id, out var progress)
        && progress.State == ProgressState.Replicate && progress.SilentTicks < s.Options.ElectionMinTicks
        && !(healthy && progress.DiskFull);
}
