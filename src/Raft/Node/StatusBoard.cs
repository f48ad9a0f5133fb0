namespace Swarm.Raft;

/// <summary>The last picture of a member, for any thread, and who is told of changes.</summary>
internal sealed class StatusBoard(RaftStatus first, Action<string>? log)
{
    private readonly Lock _gate = new();
    private volatile RaftStatus _current = first;

    public event Action<RaftStatus>? Changed;

    public RaftStatus Current => _current;

    public void Publish(RaftStatus now)
    {
        bool isNews;
        lock (_gate)
        {
            isNews = IsNews(_current, now);
            _current = now;
        }
        if (isNews)
            Announce(now);
    }

    /// <summary>
    /// The raft thread does not answer any more, so nobody may take this member for a leader, whatever it said last.
    /// </summary>
    public void Withdraw(bool stalled)
    {
        RaftStatus now;
        lock (_gate)
        {
            if (_current.Stalled == stalled && _current.Role == RaftRole.Follower)
                return;
            var leader = _current.LeaderId == _current.Id ? null : _current.LeaderId;
            _current = now = _current with
            {
                Role = RaftRole.Follower, LeaderReady = false, LeaderId = leader, Stalled = stalled,
            };
        }
        Announce(now);
    }

    private static bool IsNews(RaftStatus before, RaftStatus now) =>
        now.Term != before.Term || now.Role != before.Role || now.LeaderId != before.LeaderId
        || now.LeaderReady != before.LeaderReady || now.Stalled != before.Stalled || now.Removed != before.Removed
        || now.DiskFull != before.DiskFull || now.DisputedIndex != before.DisputedIndex
        || !AreSame(now.Members, before.Members);

    private static bool AreSame(IReadOnlyList<RaftMemberStatus> a, IReadOnlyList<RaftMemberStatus> b)
    {
        if (ReferenceEquals(a, b))
            return true;
        if (a.Count != b.Count)
            return false;
        for (var i = 0; i < a.Count; i++)
        {
            if (a[i].Id != b[i].Id || a[i].Learner != b[i].Learner || a[i].Address != b[i].Address)
                return false;
        }
        return true;
    }

    private void Announce(RaftStatus now)
    {
        log?.Invoke(
            $"raft member {now.Id}: {now.Role} in term {now.Term}, leader {now.LeaderId?.ToString() ?? "unknown"}"
            + $"{(now.LeaderReady ? ", ready" : "")}, {now.Members.Count} members{Alarms(now)}");
        Changed?.Invoke(now);
    }

    private static string Alarms(RaftStatus now) =>
        (now.Stalled ? "; its disk or its state machine hangs" : "")
        + (now.DiskFull ? "; its disk is full: proposals are refused until there is room" : "")
        + (now.Removed ? "; it was removed from the cluster" : "")
        + (now.DisputedIndex > 0
            ? $"; states differ between members after entry {now.DisputedIndex} and no majority agrees"
            : "");
}
