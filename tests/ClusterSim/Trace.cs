using System.Globalization;

namespace Swarm.ClusterSim;

/// <summary>What happened, as a hash (FNV-1a over numbers) and, when asked for, as lines.</summary>
internal sealed class Trace(TextWriter? lines)
{
    private const int UsPerMs = 1_000;

    public ulong Hash { get; private set; } = 14695981039346656037;

    /// <summary>True when somebody reads the lines: only then is it worth making them.</summary>
    public bool IsRead => lines is not null;

    /// <summary>Something happened: a code of its kind and the numbers that say what.</summary>
    public void Add(long timeUs, char kind, ulong first = 0, ulong second = 0, ulong third = 0)
    {
        Mix((ulong)timeUs);
        Mix(kind);
        Mix(first);
        Mix(second);
        Mix(third);
    }

    /// <summary>For people.</summary>
    public void Line(long timeUs, string text) => lines?.WriteLine(
        string.Create(CultureInfo.InvariantCulture, $"{timeUs / UsPerMs,8}.{timeUs % UsPerMs:000} {text}"));

    private void Mix(ulong value) => Hash = (Hash ^ value) * 1099511628211;
}
