namespace Swarm.Store;

/// <summary>Times as they stand in messages: nanoseconds since 1970 UTC, 0 = never; steps of 100 ns.</summary>
public static class Timestamps
{
    /// <summary>For a message.</summary>
    public static long ToNs(DateTimeOffset time) =>
        time == default ? 0 : (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100;

    /// <summary>For a message; null = never.</summary>
    public static long ToNs(DateTimeOffset? time) => time is { } value ? ToNs(value) : 0;

    /// <summary>From a message.</summary>
    public static DateTimeOffset FromNs(long ns) =>
        ns == 0 ? default : new DateTimeOffset(DateTimeOffset.UnixEpoch.Ticks + (ns / 100), TimeSpan.Zero);

    /// <summary>From a message; never = null.</summary>
    public static DateTimeOffset? FromNsOrNull(long ns) => ns == 0 ? null : FromNs(ns);
}
