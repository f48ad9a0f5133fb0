namespace Swarm.Raft.Core;

/// <summary>What happens to a message: refused, answered for its term, or given to its rules.</summary>
internal static class Stepping
{
    public static StepOutcome Step(CoreState s, RaftMessage message)
    {
        if (Refuse(s, message) is { } refusal)
            return refusal;
        if (message is RemovedNotice notice)
            return Membership.OnNotice(s, notice);
        if (message is StateHashReport report)
            return Comparing.OnReport(s, report);
        if (message.Term < s.Term && !(message is AppendReply && Planted.Breaks(Rule.R6)))
            return AnswerStale(s, message);
        if (message.Term > s.Term)
        {
            if (message is VoteRequest request && Elections.StandsByLeader(s, request))
                return StepOutcome.LeaderIsHeard;
            if (message is not (VoteRequest { PreVote: true } or VoteReply { PreVote: true, Granted: true })
                && !(Planted.Breaks(Rule.R10) && message is VoteReply { PreVote: true }))
                s.Follow(message.Term, RaftId.None);
        }
        return Dispatch(s, message);
    }

    private static StepOutcome? Refuse(CoreState s, RaftMessage m)
    {
        if (m.Envelope.ClusterId != s.Options.ClusterId && !Planted.Breaks(Rule.R25Cluster))
            return StepOutcome.WrongCluster;
        if (m.Envelope.To != s.Self && !Planted.Breaks(Rule.R25))
            return StepOutcome.WrongRecipient;
        if (m.From == RaftId.None || m.From == s.Self || m.Term is 0 or > RaftLimits.MaxTerm)
            return StepOutcome.Malformed;
        if (s.Log.CommittedConfiguration.IsRemoved(m.From))
        {
            Membership.Notify(s, m);
            return StepOutcome.RemovedSender;
        }
        return m is UnknownMessage ? StepOutcome.Unknown : null;
    }

    /// <summary>
    /// An old leader must learn of the new term, and so must one that asks for pre-votes in an old one: otherwise
    /// neither this member, whose term is ahead, nor they could ever join an election again.
    /// </summary>
    private static StepOutcome AnswerStale(CoreState s, RaftMessage m)
    {
        if (m is AppendRequest or HeartbeatRequest or SnapshotRequest)
            s.Send(new HeartbeatReply(s.To(m.From), 0));
        else if (m is VoteRequest { PreVote: true } && !Planted.Breaks(Rule.R10))
            s.Send(new VoteReply(s.To(m.From), PreVote: true, Granted: false));
        return StepOutcome.StaleTerm;
    }

    private static StepOutcome Dispatch(CoreState s, RaftMessage message)
    {
        switch (message)
        {
            case AppendRequest m:
                return Following.OnAppend(s, m);
            case AppendReply m:
                return Replication.OnAppendReply(s, m);
            case SnapshotRequest m:
                return Snapshots.OnRequest(s, m);
            case SnapshotReply m:
                Snapshots.OnReply(s, m);
                break;
            case HeartbeatRequest m:
                Following.OnHeartbeat(s, m);
                break;
            case HeartbeatReply m:
                Replication.OnHeartbeatReply(s, m);
                break;
            case VoteRequest m:
                Elections.OnRequest(s, m);
                break;
            case VoteReply m:
                Elections.OnReply(s, m);
                break;
            case TimeoutNow m:
                HandingOver.OnTimeoutNow(s, m);
                break;
            case ReadRequest m:
                Reads.OnRequest(s, m);
                break;
            case ReadReply m:
                Reads.OnReply(s, m);
                break;
        }
        return StepOutcome.Handled;
    }
}
