namespace Swarm.Raft.Core;

/// <summary>What all roles share; the rules that act on it are in the static classes beside it.</summary>
internal sealed class CoreState(RaftCoreOptions options, RaftLog log, HardState hardState)
{
    /// <summary>Members may share a seed: their ids alone make them draw differently.</summary>
    private readonly Xorshift _dice = new(options.Seed + (options.Id.Value * 0xD1B54A32D192ED03));

    public RaftCoreOptions Options { get; } = options;

    public RaftLog Log { get; } = log;

    /// <summary>An entry of a later term than the hard state may be durable when a crash cut the write between
    /// both.</summary>
    public ulong Term { get; private set; } = Math.Max(hardState.Term, log.LastTerm);

    public RaftId Vote { get; private set; } = hardState.Term >= log.LastTerm && !Planted.Breaks(Rule.R1Vote)
        ? hardState.Vote
        : RaftId.None;

    public Role Role { get; private set; } =
        new Role.Follower(RaftId.None, new ElectionTimer(options.ElectionMaxTicks));

    public List<RaftMessage> Outbox { get; set; } = [];

    public List<ReadState> ReadStates { get; set; } = [];

    /// <summary>Pieces of snapshots that the shell reads and sends.</summary>
    public List<SnapshotRead> SnapshotReads { get; set; } = [];

    /// <summary>Pieces of a snapshot that the shell writes aside.</summary>
    public List<SnapshotRequest> SnapshotWrites { get; set; } = [];

    /// <summary>The snapshot whose pieces come in, and where the next one begins.</summary>
    public ((RaftId From, ulong Term, ulong Number) Transfer, ulong NextOffset) Receiving { get; set; }

    /// <summary>Ticks for which no snapshot is taken, because there was no room for the last one.</summary>
    public int RefuseSnapshotTicks { get; set; }

    /// <summary>A snapshot that came in whole; until it is read, nothing else comes in.</summary>
    public WholeSnapshot? Whole { get; set; }

    /// <summary>The next ready says that <see cref="Whole"/> is to be read.</summary>
    public bool HasToPrepare { get; set; }

    /// <summary>A snapshot that was read and takes the place of log and state with the next ready.</summary>
    public SnapshotMark? Install { get; set; }

    /// <summary>The newest durable snapshot of this member.</summary>
    public SnapshotFile? Snapshot { get; set; }

    /// <summary>There is no room for entries: a leader refuses proposals, a follower takes no appends.</summary>
    public bool DiskFull { get; set; }

    /// <summary>Another member showed a committed configuration in which this one is removed.</summary>
    public bool ToldRemoved { get; set; }

    /// <summary>This member is out for ever, and stands for no election.</summary>
    public bool Removed => ToldRemoved || Log.CommittedConfiguration.IsRemoved(Self);

    public StateHashes Hashes { get; } = new();

    /// <summary>Set once: this member's state is wrong.</summary>
    public HashEvidence? Diverged { get; set; }

    /// <summary>An index at which voters differ and no majority agrees.</summary>
    public ulong DisputedIndex { get; set; }

    public RaftConfiguration Configuration => Log.Configuration;

    public RaftId Self => Options.Id;

    public RaftId Leader => Role switch
    {
        Role.Follower f => f.LeaderId,
        Role.Leader => Self,
        _ => RaftId.None,
    };

    public ElectionTimer NewTimer() => new(_dice.Between(Options.ElectionMinTicks, Options.ElectionMaxTicks));

    /// <summary>
    /// Another candidate has a vote that this one asked for: with a member dead, that may be the whole election. One to
    /// four heartbeats are enough for the other to win and be heard, and to keep the two apart the next time.
    /// </summary>
    public int DrawSplitVoteTicks() => _dice.Between(Options.HeartbeatTicks, Options.HeartbeatTicks * 4);

    public Envelope To(RaftId to) => To(to, Term);

    public Envelope To(RaftId to, ulong term) =>
        new(Options.ClusterId, Self, to, term, Configuration.Find(Self)?.Address ?? Options.Address);

    public void Send(RaftMessage message) => Outbox.Add(message);

    /// <summary>A vote is for one candidate in a term, for ever (Raft §5.2).</summary>
    public void GiveVote(RaftId candidate)
    {
        RaftInvariantException.Check(Vote == RaftId.None || Vote == candidate, "one vote in a term");
        Vote = candidate;
    }

    /// <summary>Follower in <paramref name="term"/>; a known leader in the same term can only be the same
    /// one.</summary>
    public void Follow(ulong term, RaftId leader)
    {
        EnterTerm(term);
        RaftInvariantException.Check(
            leader == RaftId.None || Leader == RaftId.None || Leader == leader, $"one leader in term {Term}");
        if (leader != RaftId.None && Role is Role.Follower known && known.LeaderId == leader)
        {
            known.Timer.Restart();
            return;
        }
        Become(new Role.Follower(leader, NewTimer()));
    }

    public void Become(Role role)
    {
        Reads.FailAll(this);
        Role = role;
    }

    public void EnterTerm(ulong term)
    {
        RaftInvariantException.Check(term >= Term, "the term never falls");
        if (term == Term)
            return;
        Term = term;
        Vote = RaftId.None;
        Receiving = default;
        if (Leader != RaftId.None)
            Become(new Role.Follower(RaftId.None, NewTimer()));
    }
}
