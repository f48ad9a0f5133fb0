namespace Swarm.Raft;

/// <summary>How often something took how long, counted in a fixed number of buckets. Any thread; no lock.</summary>
internal sealed class Latencies
{
    /// <summary>From 50 µs (a fast disk's own memory) to 5 s (a disk that is about to be given up).</summary>
    private static readonly double[] UpperSeconds =
        [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

    private readonly long[] _counts = new long[UpperSeconds.Length + 1];
    private long _sumTicks;

    public LatencyPicture Picture => new(
        UpperSeconds,
        [.. Enumerable.Range(0, _counts.Length).Select(i => Volatile.Read(ref _counts[i]))],
        new TimeSpan(Volatile.Read(ref _sumTicks)).TotalSeconds);

    public void Observe(TimeSpan duration)
    {
        var bucket = 0;
        while (bucket < UpperSeconds.Length && duration.TotalSeconds > UpperSeconds[bucket])
            bucket++;
        Interlocked.Increment(ref _counts[bucket]);
        Interlocked.Add(ref _sumTicks, duration.Ticks);
    }
}
