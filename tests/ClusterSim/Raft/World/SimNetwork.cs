using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// Messages on their way: lost, repeated, late, out of order, stopped by one-way cuts, or held back by a clog and then
/// let go at once.
/// </summary>
internal sealed class SimNetwork(Dice dice, Timeline timeline, Coverage coverage)
{
    /// <summary>What a thin line has not carried in this time is dropped.</summary>
    private const long MaxBacklogUs = 2 * Timeline.UsPerSecond;

    private readonly HashSet<(RaftId From, RaftId To)> _cuts = [];
    private readonly Dictionary<RaftId, List<Action>> _clogs = [];
    private readonly Dictionary<(RaftId From, RaftId To), List<(RaftMessage Message, Action Deliver)>> _held = [];
    private readonly Dictionary<(RaftId From, RaftId To), long> _lastArrivalUs = [];
    private readonly Dictionary<(RaftId From, RaftId To), int> _bandwidths = [];
    private readonly Dictionary<(RaftId From, RaftId To), long> _busyUntilUs = [];

    /// <summary>Behind a message that is later than this, others do not wait: it went by another connection.</summary>
    private const long MaxHoldUs = 20_000;

    public int LossPerThousand { get; set; }

    /// <summary>Of a thousand messages that could overtake others, those that do.</summary>
    public int ReorderPerThousand { get; set; } = 20;

    public int DuplicatePerThousand { get; set; }

    /// <summary>Of a thousand messages, those that take up to <see cref="LateUs"/>.</summary>
    public int LatePerThousand { get; set; }

    public int LateUs { get; set; } = 1_000_000;

    public int MaxDelayUs { get; set; } = 1_000;

    /// <summary>What a stranger makes of a message, if anything.</summary>
    public Func<RaftMessage, RaftMessage?>? Mangle { get; set; }

    public bool Quiet => _cuts.Count == 0 && _clogs.Count == 0;

    /// <summary>Brings a message (any number of times) to <paramref name="deliver"/>, or not.</summary>
    public void Send(long atUs, RaftMessage message, RaftId to, int bytes, Action deliver)
    {
        var from = message.From;
        if (dice.PerThousand(LossPerThousand))
        {
            coverage.Count("lost");
            return;
        }
        if (Backlog(atUs, from, to) > MaxBacklogUs)
        {
            coverage.Count("line overloaded");
            return;
        }
        var copies = dice.PerThousand(DuplicatePerThousand) ? dice.Between(2, 3) : 1;
        if (copies > 1)
            coverage.Count("duplicated");
        for (; copies > 0; copies--)
        {
            var arrival = Queued(atUs, from, to, bytes) + 100 + dice.Below(MaxDelayUs);
            if (dice.PerThousand(LatePerThousand))
            {
                arrival += dice.Below(LateUs);
                coverage.Count("delayed");
            }
            arrival = InOrder(from, to, arrival);
            timeline.At(arrival, () => Arrive(message, to, deliver));
        }
    }

    public bool IsCut(RaftId from, RaftId to) => _cuts.Contains((from, to));

    public void Cut(RaftId from, RaftId to) => _cuts.Add((from, to));

    public void CutBoth(RaftId a, RaftId b)
    {
        _cuts.Add((a, b));
        _cuts.Add((b, a));
    }

    /// <summary>What goes to this member waits until <see cref="Unclog"/>.</summary>
    public void Clog(RaftId member) => _clogs.TryAdd(member, []);

    public void Unclog(RaftId member)
    {
        if (!_clogs.Remove(member, out var held))
            return;
        foreach (var deliver in held)
            timeline.After(dice.Below(MaxDelayUs), deliver);
    }

    /// <summary>What goes from one to the other waits until <see cref="Release"/>.</summary>
    public void Hold(RaftId from, RaftId to) => _held.TryAdd((from, to), []);

    public void Release(RaftId from, RaftId to)
    {
        if (!_held.Remove((from, to), out var waiting))
            return;
        coverage.Count("link held");
        foreach (var (_, deliver) in waiting)
            timeline.After(1, deliver);
    }

    /// <summary>
    /// What was held comes when the caller wants it, or never; what is sent from now on goes its way before it.
    /// </summary>
    public IReadOnlyList<(RaftMessage Message, Action Deliver)> TakeHeld(RaftId from, RaftId to)
    {
        if (!_held.Remove((from, to), out var waiting))
            return [];
        coverage.Count("link held");
        return waiting;
    }

    /// <summary>Bytes per second from one member to another; 0 = as many as you like.</summary>
    public void Limit(RaftId from, RaftId to, int bytesPerSecond) => _bandwidths[(from, to)] = bytesPerSecond;

    public void HealCuts() => _cuts.Clear();

    public void Heal()
    {
        _cuts.Clear();
        _bandwidths.Clear();
        foreach (var (from, to) in _held.Keys.Order().ToArray())
            Release(from, to);
        foreach (var member in _clogs.Keys.Order().ToArray())
            Unclog(member);
    }

    private void Arrive(RaftMessage message, RaftId to, Action deliver)
    {
        var from = message.From;
        if (_cuts.Contains((from, to)))
            coverage.Count("cut");
        else if (_held.TryGetValue((from, to), out var waiting))
            waiting.Add((message, deliver));
        else if (_clogs.TryGetValue(to, out var held))
            held.Add(deliver);
        else
            deliver();
    }

    private long Backlog(long atUs, RaftId from, RaftId to) =>
        _bandwidths.Count == 0 ? 0 : _busyUntilUs.GetValueOrDefault((from, to)) - atUs;

    private long Queued(long atUs, RaftId from, RaftId to, int bytes)
    {
        if (_bandwidths.Count == 0 || !_bandwidths.TryGetValue((from, to), out var perSecond) || perSecond == 0)
            return atUs;
        var start = Math.Max(atUs, _busyUntilUs.GetValueOrDefault((from, to)));
        return _busyUntilUs[(from, to)] = start + (bytes * Timeline.UsPerSecond / perSecond);
    }

    /// <summary>A connection keeps the order of its messages; that they overtake each other is the exception.</summary>
    private long InOrder(RaftId from, RaftId to, long arrival)
    {
        var last = _lastArrivalUs.GetValueOrDefault((from, to));
        if (arrival <= last)
        {
            if (dice.PerThousand(ReorderPerThousand))
            {
                coverage.Count("reordered");
                return arrival;
            }
            if (last - arrival < MaxHoldUs)
                arrival = last + 1;
        }
        _lastArrivalUs[(from, to)] = arrival;
        return arrival;
    }
}
