using System.Globalization;
using Swarm.Model;

namespace Swarm.Ctl.Cli;

/// <summary>Sizes, durations and numbers as docker's users write them; errors name flag, value and form.</summary>
internal static class Units
{
    /// <summary>"1m30s", "500ms", "0" in nanoseconds.</summary>
    internal static long DurationNs(string flag, string text) =>
        DurationText.TryParseNs(text, out var ns) ? ns : throw new UsageException(
            $"{flag} '{text}': not a duration; write numbers with units ns, us, ms, s, m or h, like 1m30s");

    /// <summary>"64m", "1.5GiB", "1024" in bytes; units are powers of 1024 as docker's are.</summary>
    internal static long Bytes(string flag, string text)
    {
        var digits = text.TakeWhile(c => char.IsAsciiDigit(c) || c is '.' or '-').Count();
        var suffix = text[digits..].Trim().ToLowerInvariant();
        var shift = suffix switch
        {
            "" or "b" => 0,
            "k" or "kb" or "kib" => 10,
            "m" or "mb" or "mib" => 20,
            "g" or "gb" or "gib" => 30,
            "t" or "tb" or "tib" => 40,
            _ => throw new UsageException($"{flag} '{text}': invalid suffix '{suffix}'; use b, k, m, g or t"),
        };
        if (!decimal.TryParse(
            text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number > long.MaxValue >> shift)
        {
            throw new UsageException($"{flag} '{text}': invalid size; write a number with b, k, m, g or t");
        }

        return (long)(number * (1L << shift));
    }

    /// <summary>"0.5" CPUs in billionths.</summary>
    internal static long NanoCpus(string flag, string text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cpus)
        && cpus <= 1_000_000
            ? (long)(cpus * 1_000_000_000m)
            : throw new UsageException($"{flag} '{text}': not a number of CPUs; write a decimal like 0.5");

    /// <summary>A whole number from 0.</summary>
    internal static ulong Count(string flag, string text, ulong max = int.MaxValue) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= max
            ? number
            : throw new UsageException($"{flag} '{text}': not a whole number from 0 to {max}");

    /// <summary>A whole number, negative ones too.</summary>
    internal static int Whole(string flag, string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new UsageException($"{flag} '{text}': not a whole number");

    /// <summary>A ratio from 0 to 1.</summary>
    internal static float Ratio(string flag, string text) =>
        float.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var ratio)
        && ratio is >= 0 and <= 1
            ? ratio
            : throw new UsageException($"{flag} '{text}': not a ratio between 0 and 1");
}
