namespace Swarm.Raft.Core;

/// <summary>What this member is at the moment; each role carries only its own fields.</summary>
internal abstract record Role
{
    private Role()
    {
    }

    internal sealed record Follower(RaftId LeaderId, ElectionTimer Timer) : Role
    {
        /// <summary>Reads that were sent on to the leader, with the ticks they have waited.</summary>
        public List<(ulong RequestId, int AgeTicks)> ForwardedReads { get; } = [];
    }

    internal sealed record PreCandidate(VoteTally Votes, ElectionTimer Timer) : Role
    {
        /// <summary>The leader wants this member to take over.</summary>
        public bool Transfer { get; init; }
    }

    internal sealed record Candidate(VoteTally Votes, ElectionTimer Timer) : Role;

    /// <summary>NoOpIndex: its own first entry. Commitments of the term begin there.</summary>
    internal sealed record Leader(ulong NoOpIndex) : Role
    {
        /// <summary>Sorted, so that messages leave in the same order in every run.</summary>
        public SortedDictionary<RaftId, Progress> Followers { get; } = [];

        public ReadQueue Reads { get; } = new();

        public int HeartbeatTicks { get; set; }

        public long UncommittedBytes { get; set; }

        /// <summary>No quorum of voters that are heard has room on its disks: nothing new is taken.</summary>
        public bool LacksRoom { get; set; }

        /// <summary>Snapshot transfers that were begun in this term; numbers them.</summary>
        public ulong Transfers { get; set; }

        /// <summary>Leadership on its way to another member; null in general.</summary>
        public HandOver? HandOver { get; set; }

        /// <summary>Ticks since a full disk last made this leader look for a successor.</summary>
        public int FullTicks { get; set; }
    }
}

/// <summary>Ticks since the last sign of a leader (or granted vote), and the drawn timeout.</summary>
internal sealed class ElectionTimer(int timeoutTicks)
{
    private int _timeoutTicks = timeoutTicks;

    public int ElapsedTicks { get; private set; }

    public bool Expired => ElapsedTicks >= _timeoutTicks;

    public void Tick() => ElapsedTicks++;

    public void Restart() => ElapsedTicks = 0;

    /// <summary>Ends in so many ticks, if it does not end before.</summary>
    public void EndWithin(int ticks) => _timeoutTicks = Math.Min(_timeoutTicks, ElapsedTicks + ticks);
}

/// <summary>Answers to a candidate; only voters of its configuration count.</summary>
internal sealed class VoteTally
{
    private readonly SortedDictionary<RaftId, bool> _answers = [];

    public void Record(RaftId from, bool granted) => _answers.TryAdd(from, granted);

    public bool Won(RaftConfiguration c) => Count(c, true) >= c.Quorum;

    public bool Lost(RaftConfiguration c) => c.VoterCount - Count(c, false) < c.Quorum;

    private int Count(RaftConfiguration c, bool granted) => _answers.Count(a => a.Value == granted && c.IsVoter(a.Key));
}
