namespace Swarm.Raft;

/// <summary>Something a local caller waits for; a closed family. A caller may give up at any time.</summary>
internal abstract class NodeRequest
{
    /// <summary>The node will not act on it.</summary>
    public abstract void Refuse(NotDoneReason reason, string message, RaftMember? leader);
}

/// <summary>An entry or a membership change.</summary>
/// <param name="data">The entry.</param>
/// <param name="change">The change, if it is one.</param>
/// <param name="answers">Who tells the caller the outcome after the turn; null: he learns it at once.</param>
internal sealed class ProposalRequest(ReadOnlyMemory<byte> data, ConfChange? change, AnswerQueue? answers = null)
    : NodeRequest, IThreadPoolWorkItem
{
    private readonly TaskCompletionSource<ProposeResult> _done =
        new(answers is null ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None);
    private int _fate;
    private int _ended;
    private ProposeResult? _outcome;

    /// <summary>What the caller does with the answer takes no time: a thread of the node may do it.</summary>
    public bool IsQuick { get; init; }

    public ReadOnlyMemory<byte> Data { get; } = data;

    public ConfChange? Change { get; } = change;

    /// <summary>Term of its entry, once it is in the log.</summary>
    public ulong Term { get; set; }

    public Task<ProposeResult> Result => _done.Task;

    /// <summary>From here on giving up leaves the outcome unknown. False when the caller gave up before.</summary>
    public bool HandIn() => Interlocked.CompareExchange(ref _fate, 1, 0) == 0;

    /// <summary>In a turn: the outcome is known.</summary>
    public void Complete(ProposeResult result)
    {
        if (!TryEnd(result))
            return;
        if (answers is null)
            Execute();
        else
            answers.Add(this);
    }

    public override void Refuse(NotDoneReason reason, string message, RaftMember? leader) =>
        Complete(ProposeResult.NotDone(reason, message) with { Leader = leader });

    /// <summary>Any thread.</summary>
    public void GiveUp()
    {
        if (TryEnd(Interlocked.CompareExchange(ref _fate, 2, 0) == 0
            ? ProposeResult.NotDone(NotDoneReason.Cancelled, "cancelled before it was handed in")
            : ProposeResult.Unknown("cancelled after it was handed in")))
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Tells the caller; what he does with it runs here.</summary>
    public void Execute() => _done.SetResult(_outcome!);

    private bool TryEnd(ProposeResult outcome)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return false;
        _outcome = outcome;
        return true;
    }
}

/// <summary>A confirmed read.</summary>
internal sealed class ReadIndexRequest : NodeRequest
{
    private readonly TaskCompletionSource<ulong> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool Abandoned => _done.Task.IsCompleted;

    public Task<ulong> Result => _done.Task;

    public void Complete(ulong index) => _done.TrySetResult(index);

    public override void Refuse(NotDoneReason reason, string message, RaftMember? leader) =>
        _done.TrySetException(
            reason == NotDoneReason.Busy ? new TooManyReadsException() : new NotLeaderException(leader));

    public void GiveUp(CancellationToken ct) => _done.TrySetCanceled(ct);
}

/// <summary>Leadership goes to another member (None: whoever lags least).</summary>
internal sealed class TransferRequest(RaftId to) : NodeRequest
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RaftId To { get; } = to;

    public Task Result => _done.Task;

    public void Complete() => _done.TrySetResult();

    public override void Refuse(NotDoneReason reason, string message, RaftMember? leader) =>
        _done.TrySetException(reason == NotDoneReason.NotLeader
            ? new NotLeaderException(leader)
            : new TransferFailedException(reason, message));
}

/// <summary>A snapshot of this member now, and nothing kept before it that nobody needs.</summary>
internal sealed class SnapshotNowRequest : NodeRequest
{
    private readonly TaskCompletionSource<SnapshotMark> _done =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<SnapshotMark> Result => _done.Task;

    public void Complete(SnapshotMark mark) => _done.TrySetResult(mark);

    public override void Refuse(NotDoneReason reason, string message, RaftMember? leader) =>
        _done.TrySetException(new IOException(message));
}

/// <summary>What is written from now on is encrypted with this key.</summary>
internal sealed class RotateKeyRequest(Storage.DataKey key) : NodeRequest
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Storage.DataKey Key { get; } = key;

    public Task Result => _done.Task;

    public void Complete() => _done.TrySetResult();

    public override void Refuse(NotDoneReason reason, string message, RaftMember? leader) =>
        _done.TrySetException(new IOException(message));
}
