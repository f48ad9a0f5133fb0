namespace Swarm.Raft.Core;

/// <summary>Raft §5.2 and §5.4.1, with pre-vote (thesis §9.6) and loyalty to a leader that is heard (§4.2.3).</summary>
internal static class Elections
{
    /// <summary>The timer of a member that is not leader.</summary>
    public static void Tick(CoreState s)
    {
        var timer = TimerOf(s.Role);
        timer.Tick();
        if (!timer.Expired)
            return;
        if (MayStand(s))
        {
            if (Planted.Breaks(Rule.R9))
                Stand(s);
            else
                AskForVotes(s);
        }
        else
            LookForLeader(s);
    }

    /// <summary>
    /// A voter; also one whose removal is not committed yet, as it may be the only one that has it, and nobody could
    /// then win against its log (thesis §4.2.2). It does not count itself.
    /// </summary>
    private static bool MayStand(CoreState s) => !s.Removed
        && (s.Configuration.IsVoter(s.Self) || s.Log.CommittedConfiguration.IsVoter(s.Self));

    /// <summary>Asks whether an election could be won, without disturbing anybody's term. Alone, it is won at
    /// once.</summary>
    public static void AskForVotes(CoreState s, bool transfer = false)
    {
        var votes = new VoteTally();
        s.Become(new Role.PreCandidate(votes, s.NewTimer()) { Transfer = transfer });
        votes.Record(s.Self, true);
        if (votes.Won(s.Configuration))
            Stand(s, transfer);
        else
            Broadcast(s, preVote: true, s.Term + 1, transfer);
    }

    /// <summary>
    /// A member whose log does not even contain its own joining has no vote to give: it is new, or it lost its disk and
    /// with it the votes that it gave before (R25). One whose removal is only in its log still votes: the others may
    /// not do without it (thesis §4.2.2).
    /// </summary>
    public static void OnRequest(CoreState s, VoteRequest m)
    {
        if (!s.Log.HasKnown(s.Self) && !Planted.Breaks(Rule.R25Vote))
        {
            s.Send(new VoteReply(s.To(m.From), m.PreVote, Granted: false));
            return;
        }
        var wouldBeNewTerm = m.PreVote && m.Term > s.Term;
        var free = wouldBeNewTerm || s.Vote == m.From || (s.Vote == RaftId.None && s.Leader == RaftId.None);
        var granted = free && s.Log.IsUpToDate(m.LastIndex, m.LastTerm) && !(m.PreVote && GoesBefore(s, m));
        if (granted && m.PreVote && s.Role is Role.PreCandidate)
            s.Become(new Role.Follower(RaftId.None, s.NewTimer()));
        if (granted && !m.PreVote)
        {
            s.GiveVote(m.From);
            TimerOf(s.Role).Restart();
        }
        s.Send(new VoteReply(s.To(m.From, granted ? m.Term : s.Term), m.PreVote, granted));
    }

    /// <summary>
    /// Two members that ask at the same moment would both be encouraged, split the votes, and cost the cluster another
    /// timeout. One goes before: the one with more log, with equal logs the one with the greater id. Only for a
    /// moment: who
    /// has asked longer ago got no answers, and may be one that nobody but this member hears (R11).
    /// </summary>
    private static bool GoesBefore(CoreState s, VoteRequest m) => s.Role is Role.PreCandidate pre
        && pre.Timer.ElapsedTicks < s.Options.HeartbeatTicks
        && m.Term == s.Term + 1
        && (s.Log.LastTerm, s.Log.LastIndex, s.Self).CompareTo((m.LastTerm, m.LastIndex, m.From)) > 0;

    public static void OnReply(CoreState s, VoteReply m)
    {
        switch (s.Role)
        {
            case Role.PreCandidate pre when m.PreVote && (!m.Granted || m.Term == s.Term + 1):
                pre.Votes.Record(m.From, m.Granted);
                if (pre.Votes.Won(s.Configuration))
                    Stand(s, pre.Transfer);
                else if (pre.Votes.Lost(s.Configuration))
                    s.Become(new Role.Follower(RaftId.None, s.NewTimer()));
                break;
            case Role.Candidate candidate when !m.PreVote && m.Term == s.Term:
                candidate.Votes.Record(m.From, m.Granted);
                if (candidate.Votes.Won(s.Configuration))
                    Replication.Lead(s);
                else if (candidate.Votes.Lost(s.Configuration))
                    s.Become(new Role.Follower(RaftId.None, s.NewTimer()));
                else if (!m.Granted)
                    candidate.Timer.EndWithin(s.DrawSplitVoteTicks());
                break;
        }
    }

    /// <summary>True while votes are not given away: a leader was heard within the least election timeout.</summary>
    public static bool LeaderIsHeard(CoreState s) => s.Role switch
    {
        _ when Planted.Breaks(Rule.R9Sticky) => false,
        Role.Follower f => f.LeaderId != RaftId.None && f.Timer.ElapsedTicks < s.Options.ElectionMinTicks,
        Role.Leader => true,
        _ => false,
    };

    /// <summary>
    /// True when a vote is not given away now. The heir of a leader that hands over may have it from all, but from that
    /// leader only as long as it does (thesis §3.10, §4.2.3).
    /// </summary>
    public static bool StandsByLeader(CoreState s, VoteRequest m) => LeaderIsHeard(s)
        && !(m.Transfer && (s.Role is not Role.Leader leader || leader.HandOver?.To == m.From));

    /// <summary>A real election. The requests leave after term and vote are durable, like all messages of a
    /// candidate.</summary>
    private static void Stand(CoreState s, bool transfer = false)
    {
        var votes = new VoteTally();
        s.EnterTerm(s.Term + 1);
        s.GiveVote(s.Self);
        s.Become(new Role.Candidate(votes, s.NewTimer()));
        votes.Record(s.Self, true);
        if (votes.Won(s.Configuration))
            Replication.Lead(s);
        else
            Broadcast(s, preVote: false, s.Term, transfer);
    }

    /// <summary>
    /// A member without a vote asks for none, but the question makes others tell it that it was removed, or their term.
    /// </summary>
    private static void LookForLeader(CoreState s)
    {
        s.Become(new Role.Follower(RaftId.None, s.NewTimer()));
        if (!s.Removed)
            Broadcast(s, preVote: true, s.Term + 1);
    }

    private static void Broadcast(CoreState s, bool preVote, ulong term, bool transfer = false)
    {
        foreach (var member in s.Configuration.Members)
        {
            if (member.Learner || member.Id == s.Self)
                continue;
            s.Send(new VoteRequest(s.To(member.Id, term), preVote, s.Log.LastIndex, s.Log.LastTerm)
            {
                Transfer = transfer,
            });
        }
    }

    private static ElectionTimer TimerOf(Role role) => role switch
    {
        Role.Follower f => f.Timer,
        Role.PreCandidate p => p.Timer,
        Role.Candidate c => c.Timer,
        _ => throw new RaftInvariantException("a leader has no election timer"),
    };
}
