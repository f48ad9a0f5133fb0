namespace Swarm.Raft.Core;

/// <summary>
/// Reads that wait for a leader's confirmation. A heartbeat round that starts after a read came and is answered by
/// a quorum proves that this was still the leader then (thesis §6.4); no clock is trusted.
/// </summary>
internal sealed class ReadQueue
{
    private readonly Queue<Pending> _waiting = new();
    private readonly List<(RaftId From, ulong RequestId)> _fresh = [];

    public readonly record struct Pending(RaftId From, ulong RequestId, ulong Index, ulong Round);

    /// <summary>Number of the last round that started.</summary>
    public ulong Round { get; private set; }

    public int Count => _waiting.Count + _fresh.Count;

    public bool HasFresh => _fresh.Count > 0;

    public bool HasWaiting => _waiting.Count > 0;

    public void Add(RaftId from, ulong requestId) => _fresh.Add((from, requestId));

    /// <summary>All that came since the last round share the next one.</summary>
    public void StartRound(ulong commit)
    {
        if (!Planted.Breaks(Rule.R12Round) || Round == 0)
            Round++;
        foreach (var (from, requestId) in _fresh)
            _waiting.Enqueue(new(from, requestId, commit, Round));
        _fresh.Clear();
    }

    public bool TryTakeConfirmed(ulong confirmedRound, out Pending read) =>
        _waiting.TryPeek(out read) && read.Round <= confirmedRound && _waiting.TryDequeue(out read);

    public IEnumerable<ulong> RequestsOf(RaftId self) => _waiting.Where(w => w.From == self).Select(w => w.RequestId)
        .Concat(_fresh.Where(f => f.From == self).Select(f => f.RequestId));
}
