namespace Swarm.ClusterSim;

/// <summary>Virtual time and what is to happen in it; at equal times in the order in which it was planned.</summary>
internal sealed class Timeline
{
    public const long UsPerMs = 1_000;
    public const long UsPerSecond = 1_000_000;
    private readonly PriorityQueue<Action, (long AtUs, long Sequence)> _planned = new();
    private long _sequence;

    public long NowUs { get; private set; }

    public void At(long timeUs, Action action) => _planned.Enqueue(action, (Math.Max(timeUs, NowUs), ++_sequence));

    public void After(long delayUs, Action action) => At(NowUs + delayUs, action);

    /// <summary>Lets everything happen that is planned up to a time, unless <paramref name="until"/> becomes true
    /// earlier.</summary>
    public void RunTo(long timeUs, Func<bool>? until = null)
    {
        while (_planned.TryPeek(out _, out var next) && next.AtUs <= timeUs)
        {
            NowUs = next.AtUs;
            _planned.Dequeue()();
            if (until?.Invoke() == true)
                return;
        }
        NowUs = timeUs;
    }
}
