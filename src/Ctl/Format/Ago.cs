using System.Globalization;

namespace Swarm.Ctl.Format;

/// <summary>Spans as docker words them: "2 minutes", "About a minute", "3 seconds".</summary>
internal static class Ago
{
    /// <summary>"About a minute", "Less than a second".</summary>
    internal static string Words(TimeSpan span)
    {
        var seconds = (long)span.TotalSeconds;
        var minutes = (long)span.TotalMinutes;
        var hours = (long)Math.Round(span.TotalHours, MidpointRounding.AwayFromZero);
        return (seconds, minutes, hours) switch
        {
            ( < 1, _, _) => "Less than a second",
            (1, _, _) => "1 second",
            ( < 60, _, _) => Number(seconds, "seconds"),
            (_, 1, _) => "About a minute",
            (_, < 60, _) => Number(minutes, "minutes"),
            (_, _, 1) => "About an hour",
            (_, _, < 48) => Number(hours, "hours"),
            (_, _, < 24 * 14) => Number(hours / 24, "days"),
            (_, _, < 24 * 60) => Number(hours / 24 / 7, "weeks"),
            (_, _, < 24 * 365 * 2) => Number(hours / 24 / 30, "months"),
            _ => Number((long)(span.TotalDays / 365), "years"),
        };
    }

    /// <summary>Lower case within a sentence: "running about a minute ago".</summary>
    internal static string Since(long ns)
    {
        var words = Words(DateTimeOffset.UtcNow - At(ns));
        return char.ToLowerInvariant(words[0]) + words[1..] + " ago";
    }

    /// <summary>Nanoseconds since 1970 as a time.</summary>
    internal static DateTimeOffset At(long ns) => DateTimeOffset.UnixEpoch.AddTicks(ns / 100);

    /// <summary>Go's form of a time in JSON.</summary>
    internal static string Json(long ns) => string.Create(
        CultureInfo.InvariantCulture, $"{At(ns):yyyy-MM-dd'T'HH:mm:ss}.{ns % 1_000_000_000:d9}Z");

    private static string Number(long n, string unit) => string.Create(CultureInfo.InvariantCulture, $"{n} {unit}");
}
