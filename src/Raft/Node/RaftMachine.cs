using Swarm.Raft.Core;
using Swarm.Raft.Storage;

namespace Swarm.Raft;

/// <summary>What a machine drives. The seed makes election timeouts and ids of reads.</summary>
internal sealed record RaftParts(
    RaftStorage Storage, StoredState Stored, IRaftTransport Transport, IStateMachine State, ulong Seed);

/// <summary>
/// The synchronous heart of a member: core, storage, state machine and those who wait. No thread and no clock of its
/// own: the caller gives it messages, ticks and requests, and calls <see cref="Settle"/> after them. The order of
/// writing, syncing, sending, applying and answering is here and nowhere else.
/// </summary>
internal sealed class RaftMachine : IDisposable
{
    private readonly RaftNodeOptions _options;
    private readonly RaftParts _parts;
    private readonly AsideWork _aside;
    private readonly Waiting _waiting;
    private readonly AddressBook _addresses;
    private readonly SnapshotShelf _shelf;
    private readonly Snapshotting _snapshots;
    private readonly HashReports _hashes;
    private (ulong Term, RaftRole Role) _office;
    private IReadOnlyList<RaftMemberStatus> _members = [];
    private (long Ticks, RaftConfiguration? Configuration, RaftRole Role) _membersOf = (-1, null, default);
    private long _ticks;
    private ulong _applied;
    private long _steps;
    private volatile bool _hasToStepDown;

    /// <summary>Puts the newest snapshot into the state; entries after it are applied by the first <see
    /// cref="Settle"/>.</summary>
    public RaftMachine(RaftNodeOptions options, RaftParts parts)
    {
        (_options, _parts) = (options, parts);
        Core = new RaftCore(
            options.Core(parts.Seed),
            new RaftPersisted(parts.Stored.HardState, parts.Stored.Entries) { Snapshot = parts.Stored.Snapshot });
        _aside = new AsideWork(options.Aside);
        _waiting = new Waiting(Core, parts.Seed * 0x9E3779B97F4A7C15);
        _addresses = new AddressBook(Core);
        _shelf = new SnapshotShelf(parts.Storage, _aside);
        _snapshots = new Snapshotting(options, parts, Core, _shelf);
        _hashes = new HashReports(Core, parts.State, _aside);
        _shelf.RestoreTo(parts.State);
        _applied = parts.Stored.Snapshot?.Index ?? 0;
        _office = (Core.Term, Core.Role);
    }

    public RaftCore Core { get; }

    /// <summary>Last entry the state machine has.</summary>
    public ulong Applied => _applied;

    /// <summary>Messages that did not fit, since start.</summary>
    public long Refused { get; private set; }

    /// <summary>Grows with everything that is done; when it does not, the disk or the state machine hangs. Any
    /// thread.</summary>
    public long Steps => Interlocked.Read(ref _steps);

    /// <summary>Called on any thread when work aside has ended and <see cref="Settle"/> should be called.</summary>
    public Action? AsideEnded
    {
        get => _aside.Ended;
        set => _aside.Ended = value;
    }

    /// <summary>Called when everything is done, before those learn it who ask for snapshots, keys and transfers: what
    /// they then look at shows it.</summary>
    public Action? Settled { get; set; }

    public StepOutcome Receive(RaftMessage message)
    {
        var outcome = Core.Step(message);
        if (outcome is StepOutcome.Handled or StepOutcome.StaleTerm or StepOutcome.RemovedSender)
            _addresses.Learn(message.Envelope);
        if (outcome is not (StepOutcome.Handled or StepOutcome.StaleTerm or StepOutcome.LeaderIsHeard))
            Refused++;
        return outcome;
    }

    public void Tick()
    {
        Core.DiskFull = _parts.Storage.IsFull;
        Core.Tick();
        _ticks++;
        _snapshots.Tick();
    }

    public void HandIn(NodeRequest request)
    {
        Progressed();
        switch (request)
        {
            case ProposalRequest proposal:
                _waiting.Propose(proposal);
                break;
            case ReadIndexRequest read:
                _waiting.Read(read);
                break;
            case TransferRequest transfer:
                _waiting.Transfer(transfer);
                break;
            case SnapshotNowRequest now:
                _snapshots.Now(now, _applied);
                break;
            case RotateKeyRequest rotate:
                _parts.Storage.RotateKey(rotate.Key);
                _snapshots.KeyChanged(rotate);
                break;
        }
    }

    /// <summary>The thread was held up for so long that others lead by now. Any thread; acts with the next
    /// step.</summary>
    public void DemandStepDown() => _hasToStepDown = true;

    /// <summary>Does everything that is to be done.</summary>
    /// <exception cref="StorageFailedException">The disk failed: this member is over until its next start.</exception>
    /// <exception cref="StateDivergedException">A majority has another state.</exception>
    public void Settle()
    {
        do
        {
            if (_aside.Finish())
                Progressed();
            while (Next(out var ready))
                Do(ready);
        }
        while (_snapshots.StartIfDue(_applied) || _aside.HasEnded);
        Settled?.Invoke();
        _snapshots.Answer();
        _waiting.CheckTransfers();
    }

    /// <summary>A picture of this moment.</summary>
    public RaftStatus Picture() => _snapshots.Describe(new RaftStatus
    {
        Id = _options.Id,
        Term = Core.Term,
        Role = Core.Role,
        LeaderId = Core.Leader == RaftId.None ? null : Core.Leader,
        LeaderReady = Core.LeaderReady,
        CommitIndex = Core.CommitIndex,
        AppliedIndex = _applied,
        LastIndex = Core.LastIndex,
        FirstIndex = Core.FirstIndex,
        Members = Members(),
        DiskFull = Core.DiskFull,
        Removed = Core.Removed,
        DisputedIndex = Core.DisputedIndex,
        RefusedMessages = Refused,
    });

    /// <summary>Answers everybody who waits and releases the storage.</summary>
    public void Dispose()
    {
        _waiting.StopAll();
        _snapshots.Stop();
        _shelf.Dispose();
        _parts.Storage.Dispose();
    }

    /// <summary>What is known of members is looked at once a tick, and when configuration or role change.</summary>
    private IReadOnlyList<RaftMemberStatus> Members()
    {
        var now = (_ticks, Core.Configuration, Core.Role);
        if (now != _membersOf)
            (_members, _membersOf) = (Core.DescribeMembers(), now);
        return _members;
    }

    private bool Next(out Ready ready)
    {
        if (_hasToStepDown)
        {
            _hasToStepDown = false;
            Core.StepDown();
        }
        if (Core.Diverged is { } evidence)
            throw new StateDivergedException(_options.Id, evidence);
        if (_office != (Core.Term, Core.Role))
        {
            _office = (Core.Term, Core.Role);
            _waiting.LeadershipLost();
        }
        return Core.TryTakeReady(out ready);
    }

    private void Do(Ready ready)
    {
        Send(ready.MessagesBeforeSync);
        Progressed();
        var hasRoom = TakeSnapshot(ready);
        if (Planted.Breaks(Rule.R3))
            ApplyAll(ready);
        if (ready.HardState is not null || ready.Entries.Count > 0)
            _parts.Storage.Append(ready.HardState, ready.Entries, ready.MustSync);
        Progressed();
        Send(ready.Messages);
        SendPieces(ready.SnapshotReads);
        if (!Planted.Breaks(Rule.R3))
            ApplyAll(ready);
        _waiting.Answer(ready.ReadStates);
        Core.Advance();
        if (ready.Install is not null)
            _snapshots.Adopt();
        if (!hasRoom)
            Core.RefuseSnapshot();
        _waiting.Applied(_applied);
    }

    private void ApplyAll(Ready ready)
    {
        for (var i = 0; i < ready.Committed.Count; i++)
            Apply(ready.Committed[i]);
    }

    /// <summary>False when there is no room on the disk for a snapshot that comes in.</summary>
    private bool TakeSnapshot(Ready ready)
    {
        for (var i = 0; i < ready.SnapshotWrites.Count; i++)
        {
            if (_shelf.TryTake(ready.SnapshotWrites[i]))
                continue;
            _options.Log?.Invoke($"raft member {_options.Id} has no room for the snapshot of its leader");
            return false;
        }
        if (ready.Prepare is { } whole)
            _shelf.Prepare(whole, _parts.State, Prepared);
        if (ready.Install is not { } mark)
            return true;
        _shelf.Install(mark, ready.InstallState);
        _applied = mark.Index;
        _options.Log?.Invoke($"raft member {_options.Id} took a snapshot of its leader up to entry {mark.Index}");
        return true;
    }

    /// <summary>What came in is durable and read, or there was no room to make it durable.</summary>
    private void Prepared(bool hasRoom)
    {
        if (!hasRoom)
        {
            _options.Log?.Invoke($"raft member {_options.Id} has no room for the snapshot of its leader");
            Core.RefuseSnapshot();
        }
        else if (!Core.SnapshotPrepared())
            _shelf.DropPrepared();
    }

    private void Apply(RaftEntry entry)
    {
        RaftInvariantException.Check(entry.Index == _applied + 1, "entries are applied in order, without a gap");
        var result = entry.Type == EntryType.Normal
            ? _parts.State.Apply(entry.Index, entry.Term, entry.Data)
            : null;
        _applied = entry.Index;
        Progressed();
        _waiting.Committed(entry, result);
        _snapshots.Applied(entry);
        _hashes.Applied(entry);
    }

    private void Send(IReadOnlyList<RaftMessage> messages)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            if (_addresses.Find(messages[i].Envelope.To) is { } to)
                _parts.Transport.Send(to, messages[i]);
        }
    }

    private void SendPieces(IReadOnlyList<SnapshotRead> pieces)
    {
        for (var i = 0; i < pieces.Count; i++)
        {
            var p = pieces[i];
            if (_addresses.Find(p.Envelope.To) is { } to && _shelf.Read(p) is { } bytes)
                _parts.Transport.Send(to, new SnapshotRequest(p.Envelope, p.Transfer, p.Mark, p.Offset, bytes, p.Last));
        }
    }

    private void Progressed() => Interlocked.Increment(ref _steps);
}
