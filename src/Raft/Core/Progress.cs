namespace Swarm.Raft.Core;

/// <summary>What a leader knows of one follower's log.</summary>
internal sealed class Progress(ulong next, int maxAppends, int maxBytes)
{
    private readonly Queue<(ulong LastIndex, int Bytes)> _inflight = new();
    private long _inflightBytes;
    private bool _probeSent;

    /// <summary>Everything up to here is durable on the follower and equal to the leader's log. Never falls.</summary>
    public ulong Match { get; private set; }

    /// <summary>First entry of the next append.</summary>
    public ulong Next { get; private set; } = next;

    /// <summary>Probe: one append at a time until the logs meet. Replicate: appends are pipelined.</summary>
    public bool Probing { get; private set; } = true;

    /// <summary>Ticks since it was heard; a new leader starts with the benefit of the doubt.</summary>
    public int SilentTicks { get; set; }

    /// <summary>Commit index that was told last.</summary>
    public ulong CommitSent { get; private set; }

    /// <summary>Last heartbeat round that was answered.</summary>
    public ulong Round { get; set; }

    /// <summary>It needs entries that the log no longer has: only a snapshot can help.</summary>
    public bool NeedsSnapshot { get; set; }

    /// <summary>Measures whether a learner keeps up (thesis §4.2.1).</summary>
    public CatchUp CatchUp { get; } = new();

    public bool Paused => Probing
        ? _probeSent
        : _inflight.Count >= maxAppends || _inflightBytes >= maxBytes;

    public void Sent(IReadOnlyList<RaftEntry> entries, ulong commit)
    {
        CommitSent = commit;
        if (Probing)
            _probeSent = true;
        if (Probing || entries.Count == 0)
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
        if (Probing && (news || index == Match))
            Probing = false;
        return news;
    }

    /// <summary>Back to one append at a time, from <paramref name="next"/> but never before what is known to
    /// match.</summary>
    public void Probe(ulong next)
    {
        Probing = true;
        _probeSent = false;
        _inflight.Clear();
        _inflightBytes = 0;
        Next = Math.Max(next, Match + 1);
    }

    /// <summary>
    /// The follower lives. A lost probe may be sent again, and a full window opens by one, in case the answers
    /// to all of it were lost.
    /// </summary>
    public void Resume()
    {
        _probeSent = false;
        if (_inflight.Count >= maxAppends || _inflightBytes >= maxBytes)
            _inflightBytes -= _inflight.Dequeue().Bytes;
    }
}

/// <summary>
/// Rounds of replication to a learner: a round ends when it has what the leader had at the round's start. A
/// learner that needs less than an election timeout for a round will not hold up commitment as a voter.
/// </summary>
internal sealed class CatchUp
{
    private ulong _target;
    private int _ticks;
    private bool _running;

    public bool Done { get; private set; }

    public void Tick(ulong match, ulong lastIndex, int limitTicks)
    {
        if (!_running)
        {
            (_running, _target, _ticks) = (true, lastIndex, 0);
            return;
        }
        _ticks++;
        if (match < _target)
            return;
        Done = _ticks <= limitTicks;
        _running = false;
    }
}
