using System.Buffers;
using System.Globalization;

namespace Swarm.Model;

/// <summary>Durations as docker's users write them: "1m30s", "500ms", "-2h", "0".</summary>
public static class DurationText
{
    private const int MaxChars = 64;
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    private static readonly (string Suffix, long Ns)[] Units =
    [
        ("ns", 1), ("us", 1_000), ("µs", 1_000), ("ms", 1_000_000),
        ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ];

    /// <summary>Nanoseconds, of both signs; false when the text is none, or means more than 292 years.</summary>
    public static bool TryParseNs(string text, out long ns)
    {
        ArgumentNullException.ThrowIfNull(text);
        ns = 0;
        if (text == "0")
            return true;
        var negative = text.StartsWith('-');
        var rest = text.AsSpan(negative ? 1 : 0);
        if (rest.IsEmpty || text.Length > MaxChars)
            return false;
        var total = 0m;
        while (!rest.IsEmpty)
        {
            if (!TryTake(ref rest, out var part) || (total += part) > long.MaxValue)
                return false;
        }

        ns = (long)(negative ? -total : total);
        return true;
    }

    /// <summary>One number with its unit.</summary>
    private static bool TryTake(ref ReadOnlySpan<char> rest, out decimal ns)
    {
        var digits = rest.IndexOfAnyExcept(Digits);
        ns = 0;
        if (digits <= 0)
            return false;
        var tail = rest[digits..];
        var letters = tail.IndexOfAny(Digits);
        var unit = letters < 0 ? tail : tail[..letters];
        foreach (var (suffix, size) in Units)
        {
            // Compared before it is multiplied: the product could be too long for a decimal.
            if (unit.SequenceEqual(suffix) && decimal.TryParse(
                rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number <= (decimal)long.MaxValue / size)
            {
                ns = number * size;
                rest = tail[unit.Length..];
                return true;
            }
        }

        return false;
    }
}
