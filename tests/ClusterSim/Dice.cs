namespace Swarm.ClusterSim;

/// <summary>All chance of a run (splitmix64): one seed gives the same run in every build on every machine.</summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to <paramref name="count"/> - 1.</summary>
    public int Below(int count) => (int)(Next() % (ulong)count);

    public bool PerThousand(int chance) => Below(1000) < chance;

    public T Pick<T>(IReadOnlyList<T> from) => from[Below(from.Count)];
}
