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

    /// <summary>Members, with what a leader knows of their logs.</summary>
    public IReadOnlyList<RaftMemberStatus> DescribeMembers()
    {
        var leader = _s.Role as Core.Role.Leader;
        return [.. _s.Configuration.Members.Select(m => Describe(m, leader))];
    }

    /// <summary>One unit of time has passed.</summary>
    public void Tick()
    {
        Enter();
        if (_s.Role is Core.Role.Leader leader)
        {
            Replication.Tick(_s, leader);
            return;
        }
        if (_s.Role is Core.Role.Follower follower)
            Reads.TickForwarded(_s, follower);
        Elections.Tick(_s);
    }

    /// <summary>A message has come.</summary>
    public StepOutcome Step(RaftMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        Enter();
        if (Refuse(message) is { } refusal)
            return refusal;
        if (message.Term < _s.Term)
            return AnswerStale(message);
        if (message.Term > _s.Term)
        {
            if (message is VoteRequest && Elections.LeaderIsHeard(_s))
                return StepOutcome.LeaderIsHeard;
            if (message is not (VoteRequest { PreVote: true } or VoteReply { PreVote: true, Granted: true }))
                _s.Follow(message.Term, RaftId.None);
        }
        return Dispatch(message);
    }

    /// <summary>Takes bytes into the log of a leader. The receipt says where they stand, not that they are
    /// committed.</summary>
    public ProposalReceipt Propose(ReadOnlyMemory<byte> data)
    {
        Enter();
        if (_s.Role is not Core.Role.Leader leader)
            return ProposalReceipt.Refuse(NotDoneReason.NotLeader, "this member is not the leader");
        if (data.Length > RaftLimits.MaxEntryBytes)
            return ProposalReceipt.Refuse(
                NotDoneReason.TooLarge, $"entry has {data.Length} bytes, the most is {RaftLimits.MaxEntryBytes}");
        if (_s.Log.LastIndex - _s.Log.Commit >= (ulong)_s.Options.MaxUncommittedEntries
            || leader.UncommittedBytes + data.Length > _s.Options.MaxUncommittedBytes)
            return ProposalReceipt.Refuse(
                NotDoneReason.Busy,
                $"{_s.Log.LastIndex - _s.Log.Commit} entries ({leader.UncommittedBytes} bytes) wait for a quorum "
                    + $"already");
        return new(Replication.AppendOwn(_s, leader, EntryType.Normal, data), _s.Term, NotDoneReason.None, "");
    }

    /// <summary>Takes a membership change into the log of a leader; it is in force from now on.</summary>
    public ProposalReceipt ProposeConfChange(ConfChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        Enter();
        return Membership.Propose(_s, change);
    }

    /// <summary>
    /// Asks for a confirmed read index, of the leader if this is another member. The answer comes in
    /// <see cref="Ready.ReadStates"/>; false when no leader is known or too many reads wait. Ids must never repeat,
    /// also not after a restart: a late answer would be taken for a new one.
    /// </summary>
    public bool ReadIndex(ulong requestId)
    {
        Enter();
        return Reads.Ask(_s, requestId);
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
        var log = _s.Log;
        var now = new HardState(_s.Term, _s.Vote, log.Commit);
        var promises = now.Term != _durable.Term || now.Vote != _durable.Vote;
        var early = _s.Outbox.Where(m => IsEarly(m) && !promises).ToArray();
        var entries = log.Slice(log.Stable + 1, log.LastIndex, int.MaxValue, int.MaxValue);
        ready = new Ready
        {
            HardState = now == _durable ? null : now,
            Entries = entries,
            MessagesBeforeSync = early,
            Messages = early.Length == _s.Outbox.Count ? [] : [.. _s.Outbox.Where(m => promises || !IsEarly(m))],
            Committed = log.Slice(
                log.Applied + 1, log.Commit, RaftLimits.MaxCommittedPerReady, int.MaxValue),
            ReadStates = [.. _s.ReadStates],
            MustSync = promises || entries.Length > 0,
        };
        if (ready.HardState is null && !ready.MustSync && _s.Outbox.Count == 0
            && ready.Committed.Count == 0 && ready.ReadStates.Count == 0)
            return false;
        _s.Outbox.Clear();
        _s.ReadStates.Clear();
        _taken = ready;
        return true;
    }

    /// <summary>All of the last <see cref="Ready"/> is done, and what had to be durable is.</summary>
    public void Advance()
    {
        RaftInvariantException.Check(_taken is not null, "a ready was taken before it is advanced");
        var done = _taken;
        _taken = null;
        _durable = done.HardState ?? _durable;
        if (done.Entries.Count > 0)
            _s.Log.StableTo(done.Entries[^1].Index);
        if (done.Committed.Count > 0)
            _s.Log.AppliedTo(done.Committed[^1].Index);
        if (_s.Role is Core.Role.Leader leader)
            Replication.MaybeCommit(_s, leader);
    }

    private bool IsEarly(RaftMessage m) =>
        _s.Role is Core.Role.Leader && m.Term == _s.Term && m is AppendRequest or HeartbeatRequest;

    private StepOutcome? Refuse(RaftMessage m)
    {
        if (m.Envelope.ClusterId != _s.Options.ClusterId)
            return StepOutcome.WrongCluster;
        if (m.Envelope.To != _s.Self)
            return StepOutcome.WrongRecipient;
        if (m.From == RaftId.None || m.From == _s.Self || m.Term is 0 or > RaftLimits.MaxTerm)
            return StepOutcome.Malformed;
        return _s.Log.CommittedConfiguration.IsRemoved(m.From) ? StepOutcome.RemovedSender : null;
    }

    /// <summary>
    /// An old leader must learn of the new term, and so must one that asks for pre-votes in an old one: otherwise
    /// neither this member, whose term is ahead, nor they could ever join an election again.
    /// </summary>
    private StepOutcome AnswerStale(RaftMessage m)
    {
        if (m is AppendRequest or HeartbeatRequest)
            _s.Send(new HeartbeatReply(_s.To(m.From), 0));
        else if (m is VoteRequest { PreVote: true })
            _s.Send(new VoteReply(_s.To(m.From), PreVote: true, Granted: false));
        return StepOutcome.StaleTerm;
    }

    private StepOutcome Dispatch(RaftMessage message)
    {
        switch (message)
        {
            case AppendRequest m:
                return Following.OnAppend(_s, m);
            case AppendReply m:
                return Replication.OnAppendReply(_s, m);
            case HeartbeatRequest m:
                Following.OnHeartbeat(_s, m);
                break;
            case HeartbeatReply m:
                Replication.OnHeartbeatReply(_s, m);
                break;
            case VoteRequest m:
                Elections.OnRequest(_s, m);
                break;
            case VoteReply m:
                Elections.OnReply(_s, m);
                break;
            case ReadRequest m:
                Reads.OnRequest(_s, m);
                break;
            case ReadReply m:
                Reads.OnReply(_s, m);
                break;
        }
        return StepOutcome.Handled;
    }

    private RaftMemberStatus Describe(RaftMember member, Role.Leader? leader)
    {
        var status = new RaftMemberStatus(member.Id, member.Address, member.Learner, member.NodeId);
        if (leader is null)
            return status;
        return leader.Followers.TryGetValue(member.Id, out var p)
            ? status with
            {
                Match = p.Match,
                RecentActive = p.SilentTicks < _s.Options.ElectionMinTicks,
                NeedsSnapshot = p.NeedsSnapshot,
            }
            : status with { Match = _s.Log.Stable, RecentActive = true };
    }

    private void Enter() =>
        RaftInvariantException.Check(_taken is null, "a ready that was taken is advanced before anything else");
}
