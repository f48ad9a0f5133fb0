using System.Globalization;

namespace Swarm.Rpc.Wire;

/// <summary><c>grpc-timeout</c>: at most eight digits and a unit.</summary>
internal static class TimeoutHeader
{
    private const int MaxDigits = 8;
    private const long MaxValue = 99_999_999;

    /// <summary>The longest time that a timer of the runtime takes; anything longer counts as no deadline.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(45);

    public static string Encode(TimeSpan timeout)
    {
        long micros = Math.Max(1, (long)Math.Ceiling(timeout.TotalMicroseconds));
        (long value, char unit) = micros <= MaxValue ? (micros, 'u')
            : micros / 1_000 <= MaxValue ? (micros / 1_000, 'm')
            : (Math.Min(micros / 1_000_000, MaxValue), 'S');
        return string.Create(CultureInfo.InvariantCulture, $"{value}{unit}");
    }

    /// <returns>False when the text is none of the forms that the protocol knows.</returns>
    public static bool TryParse(string text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > MaxDigits + 1
            || !uint.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, null, out uint value))
        {
            return false;
        }
        TimeSpan? unit = text[^1] switch
        {
            'H' => TimeSpan.FromHours(1),
            'M' => TimeSpan.FromMinutes(1),
            'S' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMilliseconds(1),
            'u' => TimeSpan.FromMicroseconds(1),
            'n' => TimeSpan.Zero,
            _ => null,
        };
        timeout = unit switch
        {
            null => default,
            { Ticks: 0 } => TimeSpan.FromTicks((value + 99) / TimeSpan.NanosecondsPerTick),
            { } one => one.Multiply(value),
        };
        return unit is not null;
    }
}
