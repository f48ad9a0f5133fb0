namespace Swarm.Raft.Core;

/// <summary>Changes of one member at a time (thesis §4.1–4.2), in force at append.</summary>
internal static class Membership
{
    public static ProposalReceipt Propose(CoreState s, ConfChange change)
    {
        if (s.Role is not Role.Leader leader)
            return Refuse(NotDoneReason.NotLeader, "this member is not the leader");
        if (leader.HandOver is { } handOver)
            return Refuse(NotDoneReason.ChangePending, $"leadership goes to {handOver.To} at the moment; try again");
        if (s.Log.Commit < leader.NoOpIndex && !Planted.Breaks(Rule.R7))
            return Refuse(NotDoneReason.ChangePending, "no entry of this leader's term is committed yet; try again");
        if (s.Log.ConfigurationIndex > s.Log.Commit && !Planted.Breaks(Rule.R7Two))
            return Refuse(NotDoneReason.ChangePending, "another membership change is in flight; try again");
        if (!s.Configuration.TryApply(change, out var next, out var why))
            return Refuse(NotDoneReason.ChangeRefused, why);
        if (change is ConfChange.Removing && RefuseRemoval(s, leader, next) is { } reason)
            return Refuse(NotDoneReason.ChangeRefused, reason);
        var index = Replication.AppendOwn(s, leader, EntryType.ConfChange, next.Encode());
        Replication.SyncFollowers(s, leader);
        Replication.MaybeCommit(s, leader);
        return new(index, s.Term, NotDoneReason.None, "");
    }

    /// <summary>A learner that keeps up becomes a voter without being asked.</summary>
    public static void TickLearners(CoreState s, Role.Leader leader)
    {
        foreach (var member in s.Configuration.Members)
        {
            if (!member.Learner || !leader.Followers.TryGetValue(member.Id, out var progress))
                continue;
            if ((progress.State != ProgressState.Replicate && !Planted.Breaks(Rule.R17Early)) || progress.DiskFull
                || progress.SilentTicks >= s.Options.ElectionMinTicks)
            {
                progress.CatchUp.Forget();
                continue;
            }
            progress.CatchUp.Tick(progress.Match, s.Log.LastIndex, s.Options.ElectionMinTicks);
            if ((progress.CatchUp.Done || Planted.Breaks(Rule.R17Early))
                && Propose(s, ConfChange.Promote(member.Id)).Refusal is NotDoneReason.None)
                return;
        }
    }

    /// <summary>
    /// What a removed member says is answered with the committed configuration, so that it learns of its removal
    /// although nobody sends it entries any more.
    /// </summary>
    public static void Notify(CoreState s, RaftMessage m)
    {
        if (m is not RemovedNotice)
            s.Send(new RemovedNotice(s.To(m.From, Math.Max(s.Term, 1)), s.Log.CommittedConfiguration));
    }

    /// <summary>Those whose removal has just been committed are told at once; if that is lost, when they say
    /// something.</summary>
    public static void TellRemoved(CoreState s, RaftConfiguration before)
    {
        var now = s.Log.CommittedConfiguration;
        foreach (var id in now.Removed)
        {
            if (id != s.Self && !before.IsRemoved(id))
                s.Send(new RemovedNotice(s.To(id), now));
        }
    }

    public static StepOutcome OnNotice(CoreState s, RemovedNotice m)
    {
        if (!m.Configuration.IsRemoved(s.Self))
            return StepOutcome.Malformed;
        s.ToldRemoved = true;
        if (s.Role is not Role.Follower)
            s.Follow(s.Term, RaftId.None);
        return StepOutcome.Handled;
    }

    /// <summary>
    /// A removal that would leave no quorum of living voters is refused. A leader may remove itself: it leads until
    /// that is committed, without counting itself (thesis §4.2.2).
    /// </summary>
    private static string? RefuseRemoval(CoreState s, Role.Leader leader, RaftConfiguration next)
    {
        var heard = Replication.HeardVoters(s, leader, next);
        return heard >= next.Quorum
            ? null
            : $"only {heard} of the {next.VoterCount} voters that would remain are heard, {next.Quorum} are needed: "
                + "bring voters back first";
    }

    private static ProposalReceipt Refuse(NotDoneReason refusal, string why) => ProposalReceipt.Refuse(refusal, why);
}
