using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>Messages on their way: lost, repeated, late, out of order, and stopped by one-way cuts.</summary>
internal sealed class SimNetwork(Dice dice)
{
    private readonly PriorityQueue<RaftMessage, (long At, long Sequence)> _flying = new();
    private readonly HashSet<(RaftId From, RaftId To)> _cuts = [];
    private long _sequence;

    public int LossPerThousand { get; set; }

    public int DuplicatePerThousand { get; set; }

    public int MaxDelayMs { get; set; } = 5;

    public SortedDictionary<string, long> Counts { get; } = new(StringComparer.Ordinal);

    public void Send(long nowMs, RaftMessage message)
    {
        if (dice.PerThousand(LossPerThousand))
        {
            Count("lost");
            return;
        }
        var copies = dice.PerThousand(DuplicatePerThousand) ? 2 : 1;
        if (copies == 2)
            Count("duplicated");
        for (; copies > 0; copies--)
            _flying.Enqueue(message, (nowMs + 1 + dice.Below(MaxDelayMs), ++_sequence));
    }

    public bool TryReceive(long nowMs, out RaftMessage message)
    {
        while (_flying.TryPeek(out message!, out var when) && when.At <= nowMs)
        {
            _flying.Dequeue();
            if (!_cuts.Contains((message.Envelope.From, message.Envelope.To)))
                return true;
            Count("cut");
        }
        message = null!;
        return false;
    }

    /// <summary>Keeps a message for a receiver that is paused; it comes just after the pause ends.</summary>
    public void Hold(long untilMs, RaftMessage message) => _flying.Enqueue(message, (untilMs + 10, ++_sequence));

    public void Cut(RaftId from, RaftId to) => _cuts.Add((from, to));

    public void Heal() => _cuts.Clear();

    private void Count(string what) => Counts[what] = Counts.GetValueOrDefault(what) + 1;
}
