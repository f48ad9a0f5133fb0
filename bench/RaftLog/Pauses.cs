using System.Globalization;

namespace Swarm.Bench.RaftLog;

/// <summary>The garbage collections of this process from one moment on: how many of each generation, and the longest
/// pause. An object that nobody holds is finalized after each one and looks at it.</summary>
internal sealed class Pauses
{
    private readonly TimeSpan _total = GC.GetTotalPauseDuration();
    private readonly int[] _counts = [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)];
    private long _longestTicks;
    private volatile bool _over;

    public Pauses() => _ = new Sentinel(this);

    public string Describe()
    {
        _over = true;
        var total = GC.GetTotalPauseDuration() - _total;
        var all = GC.CollectionCount(0) - _counts[0];
        var older = GC.CollectionCount(1) - _counts[1];
        var oldest = GC.CollectionCount(2) - _counts[2];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"garbage collection {total.TotalMilliseconds:f0} ms in all, longest "
            + $"{TimeSpan.FromTicks(Interlocked.Read(ref _longestTicks)).TotalMilliseconds:f0}; "
            + $"{all - older} of generation 0, {older - oldest} of 1, {oldest} of 2");
    }

    private void Look()
    {
        foreach (var pause in GC.GetGCMemoryInfo(GCKind.Any).PauseDurations)
        {
            _longestTicks = Math.Max(_longestTicks, pause.Ticks);
        }
    }

    private sealed class Sentinel(Pauses pauses)
    {
        ~Sentinel()
        {
            if (!pauses._over)
            {
                pauses.Look();
                _ = new Sentinel(pauses);
            }
        }
    }
}
