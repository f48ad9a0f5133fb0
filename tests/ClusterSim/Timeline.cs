namespace Swarm.ClusterSim;

/// <summary>
/// Virtual time and what is to happen in it; at equal times in the order in which it was planned. Nearly all of it
/// is to happen within seconds: it stands in the list of its millisecond, and only one of these lists is ever sorted.
/// </summary>
internal sealed class Timeline
{
    public const long UsPerMs = 1_000;
    public const long UsPerSecond = 1_000_000;

    /// <summary>A slice has 1,024 microseconds.</summary>
    private const int SliceBits = 10;

    /// <summary>Those that have a list of their own: 8.4 s.</summary>
    private const int NearSlices = 1 << 13;

    private readonly List<Planned>?[] _near = new List<Planned>?[NearSlices];

    /// <summary>Lists of slices that are over.</summary>
    private readonly Stack<List<Planned>> _free = new();
    private readonly PriorityQueue<Action, (long AtUs, long Sequence)> _far = new();

    /// <summary>Of the slice that time has come to.</summary>
    private readonly PriorityQueue<Action, (long AtUs, long Sequence)> _now = new();
    private long _slice;
    private long _sequence;

    public long NowUs { get; private set; }

    public void At(long timeUs, Action action)
    {
        var planned = new Planned(Math.Max(timeUs, NowUs), ++_sequence, action);
        if (planned.Slice <= _slice)
            _now.Enqueue(action, (planned.AtUs, planned.Sequence));
        else if (planned.Slice < _slice + NearSlices)
            Put(planned);
        else
            _far.Enqueue(action, (planned.AtUs, planned.Sequence));
    }

    public void After(long delayUs, Action action) => At(NowUs + delayUs, action);

    /// <summary>Lets everything happen that is planned up to a time, unless <paramref name="until"/> becomes true
    /// earlier.</summary>
    public void RunTo(long timeUs, Func<bool>? until = null)
    {
        while (true)
        {
            while (_now.TryPeek(out _, out var next) && next.AtUs <= timeUs)
            {
                NowUs = next.AtUs;
                _now.Dequeue()();
                if (until?.Invoke() == true)
                    return;
            }
            if (_slice >= timeUs >> SliceBits)
                break;
            Enter(_slice + 1);
        }
        NowUs = timeUs;
    }

    private void Enter(long slice)
    {
        _slice = slice;
        if (_near[slice % NearSlices] is { } list)
        {
            _near[slice % NearSlices] = null;
            foreach (var planned in list)
                _now.Enqueue(planned.Action, (planned.AtUs, planned.Sequence));
            list.Clear();
            _free.Push(list);
        }
        while (_far.TryPeek(out var action, out var next) && next.AtUs >> SliceBits < slice + NearSlices)
        {
            _far.Dequeue();
            Put(new(next.AtUs, next.Sequence, action));
        }
    }

    private void Put(Planned planned) =>
        (_near[planned.Slice % NearSlices] ??= _free.TryPop(out var list) ? list : []).Add(planned);

    private readonly record struct Planned(long AtUs, long Sequence, Action Action)
    {
        public long Slice => AtUs >> SliceBits;
    }
}
