namespace Swarm.ClusterSim;

/// <summary>What happened, as a hash (FNV-1a) and, when asked for, as lines.</summary>
internal sealed class Trace(TextWriter? lines)
{
    public ulong Hash { get; private set; } = 14695981039346656037;

    public void Add(long time, FormattableString what)
    {
        var text = FormattableString.Invariant(what);
        Mix((ulong)time);
        foreach (var c in text)
            Mix(c);
        lines?.WriteLine($"{time,8} {text}");
    }

    private void Mix(ulong value) => Hash = (Hash ^ value) * 1099511628211;
}
