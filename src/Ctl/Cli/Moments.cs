using System.Globalization;

namespace Swarm.Ctl.Cli;

/// <summary>Points in time as docker's users write them: a date and time, seconds since 1970, or a time back.</summary>
internal static class Moments
{
    private const long NsPerSecond = 1_000_000_000;

    /// <summary>"2026-01-02T13:23:37Z", "2026-01-02", "1795229508.25", "42m" (ago): nanoseconds since 1970.</summary>
    internal static long Ns(string flag, string text, TimeProvider clock)
    {
        if (text.Length > 8 && text[4] == '-' && DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            return Since1970(at);
        }

        if (text != "0" && decimal.TryParse(
            text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            return seconds < long.MaxValue / NsPerSecond ? (long)(seconds * NsPerSecond) : throw Bad(flag, text);
        }

        try
        {
            return Since1970(clock.GetUtcNow()) - Units.DurationNs(flag, text);
        }
        catch (UsageException)
        {
            throw Bad(flag, text);
        }
    }

    private static long Since1970(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks * 100;

    private static UsageException Bad(string flag, string text) => new(
        $"{flag} '{text}': not a point in time; write 2026-01-02T13:23:37Z, seconds since 1970, or a time back, "
        + "like 42m");
}
