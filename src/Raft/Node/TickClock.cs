namespace Swarm.Raft;

/// <summary>Monotonic time as ticks; the wall clock plays no part.</summary>
internal sealed class TickClock(TimeProvider time)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(RaftNodeOptions.TickMs);
    private long _last = time.GetTimestamp();

    public int MsUntilTick() => (int)Math.Clamp(
        Math.Ceiling((Tick - time.GetElapsedTime(_last)).TotalMilliseconds), 0, RaftNodeOptions.TickMs);

    /// <summary>
    /// Ticks that have passed. After a pause (a stopped process, a slow disk, a collection) the excess over
    /// <paramref name="most"/> is forgotten: this member slept, which says nothing about the others.
    /// </summary>
    public int TakeTicks(int most)
    {
        var passed = (long)(time.GetElapsedTime(_last) / Tick);
        if (passed > most)
        {
            _last = time.GetTimestamp();
            return most;
        }
        _last += passed * time.TimestampFrequency * RaftNodeOptions.TickMs / 1000;
        return (int)passed;
    }
}
