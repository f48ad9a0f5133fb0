namespace Swarm.Raft.Core;

/// <summary>
/// The Raft protocol of one member as a value machine: ticks, messages and proposals in, <see cref="Ready"/> out.
/// No clock, no dice but the seeded ones, no disk, no network, no threads: the caller owns those, and one call at a
/// time. Between <see cref="TryTakeReady"/> and <see cref="Advance"/> nothing else may be called.
/// </summary>
public sealed class RaftCore
{
    private readonly CoreState _s;
    private HardState _durable;
    private bool _commitIsDue;
    private Ready? _taken;

    /// <summary>A member as its disk remembers it. A single voter becomes leader at once.</summary>
    public RaftCore(RaftCoreOptions options, RaftPersisted persisted)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(persisted);
        options.Check();
        _durable = persisted.HardState;
        _s = new CoreState(options, new RaftLog(persisted), persisted.HardState);
        _s.Become(new Role.Follower(RaftId.None, _s.NewTimer()));
        if (_s.Configuration.VoterCount == 1 && _s.Configuration.IsVoter(_s.Self))
            Elections.AskForVotes(_s);
    }

    /// <summary>For checkers.</summary>
    internal RaftLog Log => _s.Log;

    /// <summary>Current term.</summary>
    public ulong Term => _s.Term;

    /// <summary>Candidate that has this member's vote in the current term.</summary>
    public RaftId Vote => _s.Vote;

    /// <summary>Role at the moment.</summary>
    public RaftRole Role => _s.Role switch
    {
        Core.Role.Leader => RaftRole.Leader,
        Core.Role.Candidate => RaftRole.Candidate,
        Core.Role.PreCandidate => RaftRole.PreCandidate,
        _ => RaftRole.Follower,
    };

    /// <summary>Leader of the current term as far as it is known.</summary>
    public RaftId Leader => _s.Leader;

    /// <summary>True on a leader whose first own entry was handed out: all earlier entries were too.</summary>
    public bool LeaderReady => _s.Role is Core.Role.Leader leader && _s.Log.Applied >= leader.NoOpIndex;

    /// <summary>Last entry known to be committed.</summary>
    public ulong CommitIndex => _s.Log.Commit;

    /// <summary>Last entry handed out for application.</summary>
    public ulong AppliedIndex => _s.Log.Applied;

    /// <summary>Oldest entry in the log.</summary>
    public ulong FirstIndex => _s.Log.FirstIndex;

    /// <summary>Newest entry in the log.</summary>
    public ulong LastIndex => _s.Log.LastIndex;

    /// <summary>The configuration in force, committed or not.</summary>
    public RaftConfiguration Configuration => _s.Configuration;

    /// <summary>This member was removed, and knows it: it never stands for election again.</summary>
    public bool Removed => _s.Removed;

    /// <summary>The member that leadership goes to; None when it stays.</summary>
    public RaftId HandOverTo => (_s.Role as Core.Role.Leader)?.HandOver?.To ?? RaftId.None;

    /// <summary>A snapshot comes in at the moment, or came in whole and is handed out with the next ready.</summary>
    public bool ReceivesSnapshot => _s.Receiving.NextOffset > 0 || _s.SnapshotWrites.Count > 0
        || _s.HasToPrepare;

    /// <summary>Why this member's state is known to be wrong; null as long as it is not.</summary>
    public HashEvidence? Diverged => _s.Diverged;

    /// <summary>An index at which the voters' states differ and no majority agrees; 0 when there is none.</summary>
    public ulong DisputedIndex => _s.DisputedIndex;

    /// <summary>There is room on the disk for entries, or there is none: then proposals are refused and appends not
    /// taken.</summary>
    public bool DiskFull
    {
        get => _s.DiskFull;
        set => _s.DiskFull = value;
    }

    /// <summary>Members, with what a leader knows of their logs.</summary>
    public IReadOnlyList<RaftMemberStatus> DescribeMembers() => Describing.Members(_s);

    /// <summary>One unit of time has passed.</summary>
    public void Tick()
    {
        Enter();
        _commitIsDue = true;
        if (_s.Role is Core.Role.Leader leader)
        {
            Replication.Tick(_s, leader);
            return;
        }
        _s.RefuseSnapshotTicks = Math.Max(0, _s.RefuseSnapshotTicks - 1);
        if (_s.Role is Core.Role.Follower follower)
            Reads.TickForwarded(_s, follower);
        Elections.Tick(_s);
    }

    /// <summary>A message has come.</summary>
    public StepOutcome Step(RaftMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        Enter();
        return Stepping.Step(_s, message);
    }

    /// <summary>Takes bytes into the log of a leader. The receipt says where they stand, not that they are
    /// committed.</summary>
    public ProposalReceipt Propose(ReadOnlyMemory<byte> data)
    {
        Enter();
        if (_s.Role is not Core.Role.Leader leader)
            return ProposalReceipt.Refuse(NotDoneReason.NotLeader, "this member is not the leader");
        if (Replication.RefuseProposal(_s, leader, data.Length) is { } refusal)
            return refusal;
        var index = Replication.AppendOwn(_s, leader, EntryType.Normal, data);
        if (Planted.Breaks(Rule.R3))
            Replication.MaybeCommit(_s, leader);
        return new(index, _s.Term, NotDoneReason.None, "");
    }

    /// <summary>Takes a membership change into the log of a leader; it is in force from now on.</summary>
    public ProposalReceipt ProposeConfChange(ConfChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        Enter();
        return Membership.Propose(_s, change);
    }

    /// <summary>
    /// Hands leadership to a voter, or with None to the one that lags least (thesis §3.10). It takes an election
    /// timeout at most; <see cref="HandOverTo"/> says whether it goes on.
    /// </summary>
    public ProposalReceipt TransferLeadership(RaftId to)
    {
        Enter();
        return HandingOver.Begin(_s, to);
    }

    /// <summary>Gives up leadership, or standing for it, without a successor.</summary>
    public void StepDown()
    {
        Enter();
        if (_s.Role is not Core.Role.Follower)
            _s.Follow(_s.Term, RaftId.None);
    }

    /// <summary>
    /// Asks for a confirmed read index, of the leader if this is another member. The answer comes in
    /// <see cref="Ready.ReadStates"/>; NotLeader when none is known, Busy when too many reads wait. Ids must never
    /// repeat, also not after a restart: a late answer would be taken for a new one.
    /// </summary>
    public NotDoneReason ReadIndex(ulong requestId)
    {
        Enter();
        return Reads.Ask(_s, requestId);
    }

    /// <summary>What a snapshot of the state after an applied entry stands for.</summary>
    public SnapshotMark MarkAt(ulong index) => _s.Log.MarkAt(index);

    /// <summary>A snapshot is durable on this member's disk and can be sent to others.</summary>
    public void SnapshotSaved(SnapshotFile file)
    {
        Enter();
        if (_s.Snapshot is null || file.Mark.Index >= _s.Snapshot.Mark.Index)
            _s.Snapshot = file;
    }

    /// <summary>
    /// Forgets entries that snapshot and followers make dispensable (<paramref name="all"/>: those too that are kept in
    /// reserve) and returns the last one that went; the disk may forget up to there.
    /// </summary>
    public ulong Compact(bool all)
    {
        Enter();
        _s.Log.CompactTo(Compaction.Target(_s, all));
        return _s.Log.FirstIndex - 1;
    }

    /// <summary>There was no room for what came in of a snapshot: it is forgotten, and none is taken for a
    /// while.</summary>
    public void RefuseSnapshot()
    {
        Enter();
        Snapshots.Refuse(_s);
    }

    /// <summary>
    /// The snapshot of <see cref="Ready.Prepare"/> is durable and read. True when the next ready installs it; false
    /// when the log has what it contains by now, or there is no room: then it is to be dropped.
    /// </summary>
    public bool SnapshotPrepared()
    {
        Enter();
        return Snapshots.Prepared(_s);
    }

    /// <summary>True when a transfer needs the file with this very mark, which <see cref="SnapshotSaved"/>
    /// told.</summary>
    public bool IsSending(SnapshotMark snapshot) => Describing.IsSending(_s, snapshot);

    /// <summary>This member's state after an entry; all members hear of it, and theirs is compared.</summary>
    public void ReportStateHash(ulong index, UInt128 hash)
    {
        Enter();
        Comparing.Report(_s, index, hash);
    }

    /// <summary>Hands out what is to be done, if there is anything.</summary>
    public bool TryTakeReady(out Ready ready)
    {
        Enter();
        if (_s.Role is Core.Role.Leader leader)
        {
            Reads.Flush(_s, leader);
            Replication.Flush(_s, leader);
        }
        ready = _taken = Gathering.Gather(_s, _durable, _commitIsDue)!;
        _commitIsDue = false;
        return _taken is not null;
    }

    /// <summary>All of the last <see cref="Ready"/> is done, and what had to be durable is.</summary>
    public void Advance()
    {
        RaftInvariantException.Check(_taken is not null, "a ready was taken before it is advanced");
        var done = _taken;
        _taken = null;
        _durable = done.HardState ?? (done.Install is null ? _durable : done.InstallState);
        if (done.Entries.Count > 0)
            _s.Log.StableTo(done.Entries[^1].Index);
        if (done.Committed.Count > 0)
            _s.Log.AppliedTo(done.Committed[^1].Index);
        if (_s.Role is Core.Role.Leader leader)
            Replication.OwnDiskAdvanced(_s, leader);
    }

    private void Enter() =>
        RaftInvariantException.Check(_taken is null, "a ready that was taken is advanced before anything else");
}
