using System.Globalization;
using System.Text;

namespace Swarm.Runtime.Containers;

/// <summary>One record of the k8s-file format: TIME STREAM P|F TEXT; P says that the line goes on.</summary>
internal readonly ref struct LogRecord
{
    internal DateTimeOffset At { get; private init; }

    internal bool IsStandardError { get; private init; }

    internal bool Partial { get; private init; }

    internal ReadOnlySpan<byte> Text { get; private init; }

    /// <summary>False for anything that is not a record (a torn line after a crash).</summary>
    internal static bool TryParse(ReadOnlySpan<byte> line, out LogRecord record)
    {
        record = default;
        if (!TryTake(ref line, out var time) || !TryTake(ref line, out var stream) || line.Length == 0)
            return false;
        var tag = line[0];
        if (tag is not ((byte)'P' or (byte)'F') || (line.Length > 1 && line[1] != ' '))
            return false;
        if (!stream.SequenceEqual("stdout"u8) && !stream.SequenceEqual("stderr"u8))
            return false;
        if (!DateTimeOffset.TryParse(
            TrimToTicks(time), CultureInfo.InvariantCulture, DateTimeStyles.None, out var at))
        {
            return false;
        }
        record = new LogRecord
        {
            At = at,
            IsStandardError = stream.SequenceEqual("stderr"u8),
            Partial = tag == 'P',
            Text = line.Length > 2 ? line[2..] : [],
        };
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> line, out ReadOnlySpan<byte> word)
    {
        var end = line.IndexOf((byte)' ');
        word = end < 0 ? [] : line[..end];
        line = end < 0 ? line : line[(end + 1)..];
        return end > 0;
    }

    /// <summary>.NET knows 100 ns; the monitor writes nine digits.</summary>
    private static string TrimToTicks(ReadOnlySpan<byte> time)
    {
        const int WithSevenDigits = 27;
        const int WithNineDigits = 29;
        var text = Encoding.ASCII.GetString(time);
        return text.Length > WithNineDigits
            ? string.Concat(text.AsSpan(0, WithSevenDigits), text.AsSpan(WithNineDigits))
            : text;
    }
}
