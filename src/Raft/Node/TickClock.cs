namespace Swarm.Raft;

/// <summary>Monotonic time as ticks; the wall clock plays no part.</summary>
internal sealed class TickClock(TimeProvider time)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(RaftNodeOptions.TickMs);
    private long _last = Now(time);

    /// <summary>Any thread; the rest is for who has the turn.</summary>
    public int MsUntilTick() => (int)Math.Clamp(
        Math.Ceiling((Tick - Elapsed()).TotalMilliseconds), 0, RaftNodeOptions.TickMs);

    /// <summary>
    /// Ticks that have passed. After a pause (a stopped process, a slow disk, a collection) the excess over
    /// <paramref name="most"/> is forgotten: this member slept, which says nothing about the others.
    /// </summary>
    public int TakeTicks(int most)
    {
        var passed = (long)(Elapsed() / Tick);
        if (passed <= 0)
            return 0;
        if (passed > most && !Planted.Breaks(Rule.R32))
        {
            Volatile.Write(ref _last, Now(time));
            return most;
        }
        Volatile.Write(ref _last, _last + (passed * time.TimestampFrequency * RaftNodeOptions.TickMs / 1000));
        return (int)passed;
    }

    private TimeSpan Elapsed() => time.GetElapsedTime(Volatile.Read(ref _last), Now(time));

    private static long Now(TimeProvider time) => Planted.Breaks(Rule.R31)
        ? (long)((Int128)time.GetUtcNow().UtcTicks * time.TimestampFrequency / TimeSpan.TicksPerSecond)
        : time.GetTimestamp();
}
