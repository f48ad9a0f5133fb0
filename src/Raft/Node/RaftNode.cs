using System.Security.Cryptography;
using Swarm.Raft.Core;
using Swarm.Raft.Storage;

namespace Swarm.Raft;

/// <summary>
/// One member: the core, its log on disk and one thread that drives both, together with those who bring messages. All
/// that waits at a moment shares one write and one fdatasync. It all ends for good when the disk fails or an invariant
/// breaks; the host then ends the process.
/// </summary>
public sealed class RaftNode : IAsyncDisposable
{
    private readonly Latencies _syncs = new();
    private readonly Inbox _inbox;
    private readonly RaftLoop _loop;
    private readonly RaftWatchdog _watchdog;
    private readonly Thread _thread;
    private int _proposals;

    private RaftNode(RaftNodeOptions options, IRaftTransport transport, IStateMachine machine)
    {
        var seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        var disk = new TimedDisk(options.Disk, options.TimeProvider, _syncs);
        var storage = RaftStorage.Open(options.Storage with { Disk = disk }, out var stored);
        if (stored.CutBytes > 0)
            options.Log?.Invoke($"cut {stored.CutBytes} bytes of an unfinished write from the end of the raft log");
        foreach (var note in stored.Notes)
            options.Log?.Invoke(note);
        try
        {
            _inbox = new Inbox(options);
            _loop = new RaftLoop(
                options, new RaftMachine(options, new(storage, stored, transport, machine, seed)), _inbox);
        }
        catch
        {
            storage.Dispose();
            throw;
        }
        _loop.Board.Changed += status => StatusChanged?.Invoke(status);
        _watchdog = new RaftWatchdog(options, () => _loop.Steps, _loop.OnStalled);
        _thread = new Thread(_loop.Run) { Name = $"raft {options.Id}", IsBackground = true };
    }

    /// <summary>
    /// Role, leader, term, membership, readiness or an alarm changed. Called on the raft thread, or on the one that
    /// watches it when it hangs: be quick.
    /// </summary>
    public event Action<RaftStatus>? StatusChanged;

    /// <summary>The last picture; never blocks.</summary>
    public RaftStatus Status => _loop.Board.Current;

    /// <summary>How long the log waited for each fdatasync, since this start. Any thread.</summary>
    public LatencyPicture SyncSeconds => _syncs.Picture;

    /// <summary>Completes with the reason when this member cannot go on. The process has to end then.</summary>
    public Task<Exception> Failed => _loop.Failed;

    /// <summary>Writes the log of the first member of a new cluster.</summary>
    /// <exception cref="StorageRefusedException">There is a log already.</exception>
    public static void Bootstrap(RaftNodeOptions options, RaftMember self)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(self);
        ArgumentOutOfRangeException.ThrowIfNotEqual(self.Id, options.Id);
        using var storage = OpenEmpty(options);
        var configuration = new RaftConfiguration([self with { Learner = false }], []);
        var entry = new RaftEntry(1, 1, EntryType.ConfChange, configuration.Encode());
        storage.Append(new HardState(1, RaftId.None, 1), [entry], sync: true);
    }

    /// <summary>
    /// Writes the log of a cluster that goes on from a state (a backup, or what one member had left): its base is that
    /// state, its only member is <paramref name="self"/>.
    /// </summary>
    /// <param name="options">Where; the cluster id has to be a new one, so that members of the old cluster cannot come
    /// back.</param>
    /// <param name="self">The only member.</param>
    /// <param name="index">Last entry that the state contains; at least 1.</param>
    /// <param name="term">A term that is not before that entry's; at least 1.</param>
    /// <param name="writeState">Writes what <see cref="IStateMachine.Restore"/> reads.</param>
    /// <exception cref="StorageRefusedException">There is a log already.</exception>
    public static void Rebuild(
        RaftNodeOptions options, RaftMember self, ulong index, ulong term, Action<Stream> writeState)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(self);
        ArgumentNullException.ThrowIfNull(writeState);
        ArgumentOutOfRangeException.ThrowIfNotEqual(self.Id, options.Id);
        ArgumentOutOfRangeException.ThrowIfZero(index);
        ArgumentOutOfRangeException.ThrowIfZero(term);
        using var storage = OpenEmpty(options);
        var mark = new SnapshotMark(index, term, new RaftConfiguration([self with { Learner = false }], []));
        using var writer = storage.BeginSnapshot(mark);
        using (var stream = new BufferedStream(new SnapshotWriteStream(writer), RaftLimits.SnapshotChunkBytes))
            writeState(stream);
        storage.InstallSnapshot(writer, new HardState(term, RaftId.None, index));
    }

    /// <summary>
    /// Starts from what the disk has. With an empty log this member waits until a leader that added it calls.
    /// </summary>
    /// <exception cref="StorageCorruptException">Something is damaged that was durable once.</exception>
    /// <exception cref="StorageRefusedException">Another process, cluster or member owns the directory.</exception>
    /// <exception cref="StorageFailedException">The disk failed.</exception>
    public static RaftNode Start(RaftNodeOptions options, IRaftTransport transport, IStateMachine machine)
    {
        ArgumentNullException.ThrowIfNull(options);
        var node = new RaftNode(options, transport, machine);
        node._thread.Start();
        node._watchdog.Start();
        return node;
    }

    /// <summary>Replicates bytes. The answer comes when they are applied here; only a leader takes them.</summary>
    /// <param name="data">The entry.</param>
    /// <param name="ct">Gives up: not done, or unknown.</param>
    /// <param name="lend">The caller lends his thread, and borrows one: a proposal that is alone is written by the
    /// thread that brings it, before this returns and however long the disk takes; and what the caller does with the
    /// answer neither waits nor takes long, so that the thread may do it that read the last message for it.</param>
    public Task<ProposeResult> ProposeAsync(
        ReadOnlyMemory<byte> data, CancellationToken ct, bool lend = false) =>
        SubmitAsync(new ProposalRequest(data, null, _loop.Answers) { IsQuick = lend }, ct);

    /// <summary>Changes the membership by one step; only a leader takes it.</summary>
    public Task<ProposeResult> ChangeMembershipAsync(ConfChange change, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(change);
        return SubmitAsync(new ProposalRequest(default, change, _loop.Answers), ct);
    }

    /// <summary>
    /// Completes when the local state contains everything that was acknowledged anywhere before the call. A follower
    /// asks its leader.
    /// </summary>
    /// <exception cref="NotLeaderException">No leader confirmed it; nothing is known, try again.</exception>
    /// <exception cref="TooManyReadsException">Too many wait, here or on the leader.</exception>
    public async Task<ulong> ReadIndexAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var request = new ReadIndexRequest();
        var refusal = _inbox.Post(request);
        if (refusal != NotDoneReason.None)
            request.Refuse(refusal, "", null);
        await using var cancel = ct.UnsafeRegister(_ => request.GiveUp(ct), null).ConfigureAwait(false);
        return await request.Result.ConfigureAwait(false);
    }

    /// <summary>
    /// Hands leadership to a voter that keeps up, or with null to the one that lags least, and completes when another
    /// member leads. Meanwhile proposals are refused as Busy.
    /// </summary>
    /// <exception cref="NotLeaderException">This member does not lead.</exception>
    /// <exception cref="TransferFailedException">Refused, or not done in time: it leads on.</exception>
    public Task TransferLeadershipAsync(RaftId? to, CancellationToken ct)
    {
        var request = new TransferRequest(to ?? RaftId.None);
        return PostAsync(request, request.Result, ct);
    }

    /// <summary>
    /// Takes a snapshot of this member and drops everything from its log that it makes dispensable, what is kept in
    /// reserve for followers included.
    /// </summary>
    /// <exception cref="IOException">There is no room on the disk, or the node stops.</exception>
    public Task<SnapshotMark> SnapshotNowAsync(CancellationToken ct)
    {
        var request = new SnapshotNowRequest();
        return PostAsync(request, request.Result, ct);
    }

    /// <summary>
    /// Log and snapshots that are written from now on are encrypted with this key. Older ones stay as they are; <see
    /// cref="SnapshotNowAsync"/> makes them dispensable.
    /// </summary>
    /// <exception cref="IOException">The node stops.</exception>
    public void RotateKey(DataKey key)
    {
        var request = new RotateKeyRequest(key);
        PostAsync(request, request.Result, CancellationToken.None).GetAwaiter().GetResult();
    }

    /// <summary>Takes a message from the transport. Never blocks; drops and counts what does not fit the
    /// queue.</summary>
    public void Receive(RaftMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        _inbox.Post(message);
    }

    /// <summary>
    /// Takes messages from the transport and acts on them before it returns, if nobody else does: for a reader that has
    /// read all there is. May wait for the disk, and calls transport and state machine. Drops and counts what does not
    /// fit the queue.
    /// </summary>
    public void Act(IReadOnlyList<RaftMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        _loop.Act(messages);
    }

    /// <summary>Stops the thread and releases the log. What waits is answered: not done, or unknown.</summary>
    public async ValueTask DisposeAsync()
    {
        _inbox.Close();
        await Task.Run(_thread.Join).ConfigureAwait(false);
        _watchdog.Dispose();
    }

    private static RaftStorage OpenEmpty(RaftNodeOptions options)
    {
        var storage = RaftStorage.Open(options.Storage, out var stored);
        if (stored.Snapshot is null && stored.Entries.Count == 0 && stored.HardState == default)
            return storage;
        storage.Dispose();
        throw new StorageRefusedException($"{options.Directory} holds a raft log already: it is not overwritten");
    }

    private async Task<T> PostAsync<T>(NodeRequest request, Task<T> result, CancellationToken ct)
    {
        await PostAsync(request, (Task)result, ct).ConfigureAwait(false);
        return await result.ConfigureAwait(false);
    }

    private async Task PostAsync(NodeRequest request, Task result, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var refusal = _inbox.Post(request);
        if (refusal != NotDoneReason.None)
            request.Refuse(
                refusal, refusal == NotDoneReason.Busy ? "too many requests wait" : "this node is stopping", null);
        await result.WaitAsync(ct).ConfigureAwait(false);
    }

    private async Task<ProposeResult> SubmitAsync(ProposalRequest request, CancellationToken ct)
    {
        if (ct.IsCancellationRequested)
            return ProposeResult.NotDone(NotDoneReason.Cancelled, "cancelled before it was handed in");
        // Many proposals share a sync if the raft thread takes what waits; one that is alone need not wake it.
        var alone = Interlocked.Increment(ref _proposals) == 1 && request.IsQuick;
        try
        {
            var refusal = _inbox.Post(request, rouse: !alone);
            if (refusal == NotDoneReason.Busy)
                return ProposeResult.NotDone(refusal, "too many requests wait for the log; try again");
            if (refusal != NotDoneReason.None)
                return ProposeResult.NotDone(refusal, "this node is stopping");
            if (alone)
                _loop.Act();
            await using var cancel = ct.UnsafeRegister(
                static r => ((ProposalRequest)r!).GiveUp(), request).ConfigureAwait(false);
            return await request.Result.ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _proposals);
        }
    }
}
