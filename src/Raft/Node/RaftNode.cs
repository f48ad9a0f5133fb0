using System.Security.Cryptography;
using Swarm.Raft.Core;
using Swarm.Raft.Storage;

namespace Swarm.Raft;

/// <summary>
/// One member: the core, its log on disk and one thread that drives both. All that waits at a moment shares one write
/// and one fdatasync. The thread ends for good when the disk fails or an invariant breaks; the host then ends the
/// process.
/// </summary>
public sealed class RaftNode : IAsyncDisposable
{
    private readonly Inbox _inbox;
    private readonly RaftLoop _loop;
    private readonly Thread _thread;

    private RaftNode(RaftNodeOptions options, IRaftTransport transport, IStateMachine machine)
    {
        var seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        var wal = WriteAheadLog.Open(options.Wal, out var contents);
        if (contents.CutBytes > 0)
            options.Log?.Invoke($"cut {contents.CutBytes} bytes of an unfinished write from the end of the raft log");
        try
        {
            var core = new RaftCore(options.Core(seed), new RaftPersisted(contents.HardState, contents.Entries));
            _inbox = new Inbox(options);
            _loop = new RaftLoop(options, new(core, wal, transport, machine), _inbox);
        }
        catch
        {
            wal.Dispose();
            throw;
        }
        _loop.StatusChanged += status => StatusChanged?.Invoke(status);
        _thread = new Thread(_loop.Run) { Name = $"raft {options.Id}", IsBackground = true };
    }

    /// <summary>Role, leader, term, membership or readiness changed. Called on the raft thread: be quick.</summary>
    public event Action<RaftStatus>? StatusChanged;

    /// <summary>The last picture; never blocks.</summary>
    public RaftStatus Status => _loop.Status;

    /// <summary>Completes with the reason when this member cannot go on. The process has to end then.</summary>
    public Task<Exception> Failed => _loop.Failed;

    /// <summary>Writes the log of the first member of a new cluster.</summary>
    /// <exception cref="StorageRefusedException">There is a log already.</exception>
    public static void Bootstrap(RaftNodeOptions options, RaftMember self)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(self);
        ArgumentOutOfRangeException.ThrowIfNotEqual(self.Id, options.Id);
        using var wal = WriteAheadLog.Open(options.Wal, out var contents);
        if (contents.Entries.Count > 0 || contents.HardState != default)
            throw new StorageRefusedException($"{options.Directory} holds a raft log already: it is not overwritten");
        var configuration = new RaftConfiguration([self with { Learner = false }], []);
        var entry = new RaftEntry(1, 1, EntryType.ConfChange, configuration.Encode());
        wal.Append(new HardState(1, RaftId.None, 1), [entry], sync: true);
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
        return node;
    }

    /// <summary>Replicates bytes. The answer comes when they are applied here; only a leader takes them.</summary>
    public Task<ProposeResult> ProposeAsync(ReadOnlyMemory<byte> data, CancellationToken ct) =>
        SubmitAsync(new ProposalRequest(data, null), ct);

    /// <summary>Changes the membership by one step; only a leader takes it.</summary>
    public Task<ProposeResult> ChangeMembershipAsync(ConfChange change, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(change);
        return SubmitAsync(new ProposalRequest(default, change), ct);
    }

    /// <summary>
    /// Completes when the local state contains everything that was acknowledged anywhere before the call. A follower
    /// asks its leader.
    /// </summary>
    /// <exception cref="NotLeaderException">No leader confirmed it; nothing is known, try again.</exception>
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

    /// <summary>Takes a message from the transport. Never blocks; drops and counts what does not fit the
    /// queue.</summary>
    public void Receive(RaftMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        _inbox.Post(message);
    }

    /// <summary>Stops the thread and releases the log. What waits is answered: not done, or unknown.</summary>
    public async ValueTask DisposeAsync()
    {
        _inbox.Close();
        await Task.Run(_thread.Join).ConfigureAwait(false);
    }

    private async Task<ProposeResult> SubmitAsync(ProposalRequest request, CancellationToken ct)
    {
        if (ct.IsCancellationRequested)
            return ProposeResult.NotDone(NotDoneReason.Cancelled, "cancelled before it was handed in");
        var refusal = _inbox.Post(request);
        if (refusal == NotDoneReason.Busy)
            return ProposeResult.NotDone(refusal, "too many requests wait for the log; try again");
        if (refusal != NotDoneReason.None)
            return ProposeResult.NotDone(refusal, "this node is stopping");
        await using var cancel = ct.UnsafeRegister(
            static r => ((ProposalRequest)r!).GiveUp(), request).ConfigureAwait(false);
        return await request.Result.ConfigureAwait(false);
    }
}
