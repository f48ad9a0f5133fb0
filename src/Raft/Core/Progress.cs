namespace Swarm.Raft.Core;

/// <summary>What a leader knows of one follower's log, and how it feeds it.</summary>
internal sealed class Progress(ulong next, RaftCoreOptions options)
{
    private readonly Queue<(ulong LastIndex, int Bytes)> _inflight = new();
    private long _inflightBytes;
    private ulong _commitSent;
    private ulong _commitOfLastTick;
    private bool _probeSent;

    /// <summary>Everything up to here is durable on the follower and equal to the leader's log. Never falls.</summary>
    public ulong Match { get; private set; }

    /// <summary>First entry of the next append.</summary>
    public ulong Next { get; private set; } = next;

    public ProgressState State { get; private set; } = ProgressState.Probe;

    /// <summary>The snapshot on its way, in state Snapshot; null while none can be had.</summary>
    public SnapshotTransfer? Transfer { get; private set; }

    /// <summary>Ticks since it was heard; a new leader starts with the benefit of the doubt.</summary>
    public int SilentTicks { get; set; }

    /// <summary>The commit index went with no entries for a whole tick: it is told alone. The news is not urgent (who
    /// reads from the follower asks for a heartbeat, which brings it), and a message for each entry costs both ends as
    /// much as the entry.</summary>
    public bool CommitIsOverdue { get; private set; }

    /// <summary>Last heartbeat round that was answered.</summary>
    public ulong Round { get; set; }

    /// <summary>It takes no entries until it has room again, or is <see cref="Needed"/>.</summary>
    public bool DiskFull { get; private set; }

    /// <summary>There is no quorum of voters that are heard and have room, and this one has none.</summary>
    public bool Needed { get; private set; }

    /// <summary>Measures whether a learner keeps up (thesis §4.2.1).</summary>
    public CatchUp CatchUp { get; } = new();

    /// <summary>True when nothing more may leave before an answer comes.</summary>
    public bool Paused => (DiskFull && !Needed) || State switch
    {
        ProgressState.Probe => _probeSent,
        ProgressState.Replicate => WindowIsFull,
        _ => true,
    };

    private bool WindowIsFull =>
        _inflight.Count >= options.MaxInflightAppends || _inflightBytes >= options.MaxInflightBytes;

    public void Tick(ulong commit)
    {
        SilentTicks++;
        CommitIsOverdue = _commitSent < _commitOfLastTick;
        _commitOfLastTick = commit;
    }

    public void Sent(IReadOnlyList<RaftEntry> entries, ulong commit)
    {
        _commitSent = commit;
        CommitIsOverdue = false;
        if (State == ProgressState.Probe)
            _probeSent = true;
        if (State != ProgressState.Replicate || entries.Count == 0)
            return;
        var bytes = 0;
        for (var i = 0; i < entries.Count; i++)
            bytes += entries[i].CostBytes;
        _inflight.Enqueue((entries[^1].Index, bytes));
        _inflightBytes += bytes;
        Next = entries[^1].Index + 1;
    }

    /// <summary>A positive answer: durable up to <paramref name="index"/>. True when that is news.</summary>
    public bool Accepted(ulong index)
    {
        while (_inflight.TryPeek(out var first) && first.LastIndex <= index)
            _inflightBytes -= _inflight.Dequeue().Bytes;
        Next = Math.Max(Next, index + 1);
        var news = index > Match;
        if (news)
            Match = index;
        if (State == ProgressState.Probe && (news || index == Match))
            State = ProgressState.Replicate;
        if (Transfer is { } transfer && Match >= transfer.Mark.Index)
            Probe(Match + 1);
        return news;
    }

    /// <summary>Back to one append at a time, from <paramref name="next"/> but never before what is known to
    /// match.</summary>
    public void Probe(ulong next)
    {
        Forget(ProgressState.Probe);
        Next = Math.Max(next, Match + 1);
    }

    /// <summary>Appends cannot help any more; nothing but the snapshot is sent until it is installed.</summary>
    public void SendSnapshot(SnapshotTransfer? transfer)
    {
        Forget(ProgressState.Snapshot);
        Transfer = transfer;
    }

    /// <summary>
    /// The follower lives. A lost probe may be sent again, and a full window opens by one, in case the answers
    /// to all of it were lost.
    /// </summary>
    public void Resume(bool diskFull)
    {
        if (DiskFull && !diskFull && State == ProgressState.Replicate)
            Probe(Match + 1);
        DiskFull = diskFull;
        _probeSent = false;
        if (State == ProgressState.Replicate && WindowIsFull)
            _inflightBytes -= _inflight.Dequeue().Bytes;
    }

    /// <summary>What it has refused is sent again as soon as it is needed.</summary>
    public void Need(bool needed)
    {
        if (needed && !Needed && State == ProgressState.Replicate)
            Probe(Match + 1);
        Needed = needed;
    }

    private void Forget(ProgressState state)
    {
        State = state;
        Transfer = null;
        _probeSent = false;
        _inflight.Clear();
        _inflightBytes = 0;
    }
}
