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
        if (s.Configuration.IsVoter(s.Self))
            AskForVotes(s);
        else
            s.Become(new Role.Follower(RaftId.None, s.NewTimer()));
    }

    /// <summary>Asks whether an election could be won, without disturbing anybody's term. Alone, it is won at
    /// once.</summary>
    public static void AskForVotes(CoreState s)
    {
        var votes = new VoteTally();
        s.Become(new Role.PreCandidate(votes, s.NewTimer()));
        votes.Record(s.Self, true);
        if (votes.Won(s.Configuration))
            Stand(s);
        else
            Broadcast(s, preVote: true, s.Term + 1);
    }

    public static void OnRequest(CoreState s, VoteRequest m)
    {
        var wouldBeNewTerm = m.PreVote && m.Term > s.Term;
        var free = wouldBeNewTerm || s.Vote == m.From || (s.Vote == RaftId.None && s.Leader == RaftId.None);
        var granted = free && s.Log.IsUpToDate(m.LastIndex, m.LastTerm);
        if (granted && !m.PreVote)
        {
            s.GiveVote(m.From);
            TimerOf(s.Role).Restart();
        }
        s.Send(new VoteReply(s.To(m.From, granted ? m.Term : s.Term), m.PreVote, granted));
    }

    public static void OnReply(CoreState s, VoteReply m)
    {
        switch (s.Role)
        {
            case Role.PreCandidate pre when m.PreVote && (!m.Granted || m.Term == s.Term + 1):
                pre.Votes.Record(m.From, m.Granted);
                if (pre.Votes.Won(s.Configuration))
                    Stand(s);
                else if (pre.Votes.Lost(s.Configuration))
                    s.Become(new Role.Follower(RaftId.None, s.NewTimer()));
                break;
            case Role.Candidate candidate when !m.PreVote && m.Term == s.Term:
                candidate.Votes.Record(m.From, m.Granted);
                if (candidate.Votes.Won(s.Configuration))
                    Replication.Lead(s);
                else if (candidate.Votes.Lost(s.Configuration))
                    s.Become(new Role.Follower(RaftId.None, s.NewTimer()));
                break;
        }
    }

    /// <summary>True while votes are not given away: a leader was heard within the least election timeout.</summary>
    public static bool LeaderIsHeard(CoreState s) => s.Role switch
    {
        Role.Follower f => f.LeaderId != RaftId.None && f.Timer.ElapsedTicks < s.Options.ElectionMinTicks,
        Role.Leader => true,
        _ => false,
    };

    /// <summary>A real election. The requests leave after term and vote are durable, like all messages of a
    /// candidate.</summary>
    private static void Stand(CoreState s)
    {
        var votes = new VoteTally();
        s.EnterTerm(s.Term + 1);
        s.GiveVote(s.Self);
        s.Become(new Role.Candidate(votes, s.NewTimer()));
        votes.Record(s.Self, true);
        if (votes.Won(s.Configuration))
            Replication.Lead(s);
        else
            Broadcast(s, preVote: false, s.Term);
    }

    private static void Broadcast(CoreState s, bool preVote, ulong term)
    {
        foreach (var member in s.Configuration.Members)
        {
            if (!member.Learner && member.Id != s.Self)
                s.Send(new VoteRequest(s.To(member.Id, term), preVote, s.Log.LastIndex, s.Log.LastTerm));
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
