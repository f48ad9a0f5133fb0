namespace Swarm.Manager.Metrics;

/// <summary>How often something took how long. Observing takes no lock and allocates nothing.</summary>
internal sealed class Histogram(IReadOnlyList<double> bounds)
{
    /// <summary>From 50 µs to 5 s: what happens in memory or on a disk.</summary>
    internal static readonly IReadOnlyList<double> ShortSeconds =
        [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

    private readonly long[] _counts = new long[bounds.Count + 1];
    private double _sum;

    /// <summary>Upper ends of the buckets; one without end follows.</summary>
    internal IReadOnlyList<double> Bounds => bounds;

    /// <summary>How many fell into each bucket, the endless one last.</summary>
    internal IReadOnlyList<long> Counts =>
        [.. Enumerable.Range(0, _counts.Length).Select(i => Volatile.Read(ref _counts[i]))];

    internal double Sum => Volatile.Read(ref _sum);

    internal void Observe(double value)
    {
        var bucket = 0;
        while (bucket < bounds.Count && value > bounds[bucket])
        {
            bucket++;
        }

        Interlocked.Increment(ref _counts[bucket]);
        double seen;
        do
        {
            seen = Volatile.Read(ref _sum);
        }
        while (Interlocked.CompareExchange(ref _sum, seen + value, seen) != seen);
    }
}
