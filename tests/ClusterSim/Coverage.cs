namespace Swarm.ClusterSim;

/// <summary>How often each kind of thing happened.</summary>
internal sealed class Coverage
{
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, long> Counts => _counts;

    public void Count(string what, long times = 1) => _counts[what] = _counts.GetValueOrDefault(what) + times;

    public long Of(string what) => _counts.GetValueOrDefault(what);

    public void Add(Coverage other)
    {
        foreach (var (what, count) in other._counts)
            Count(what, count);
    }
}
