using System.Globalization;
using System.Text.RegularExpressions;

namespace Swarm.EndToEnd;

/// <summary>One call as strace -f -ttt -T wrote it; times in seconds since 1970.</summary>
internal sealed record SystemCall(string Name, string File, string Text, double Began, double Ended)
{
    public bool Succeeded => Text.Contains(" = 0 <", StringComparison.Ordinal);
}

/// <summary>What strace wrote, with the halves of interrupted lines put together.</summary>
internal static partial class SystemCalls
{
    public static List<SystemCall> Read(string file)
    {
        var begun = new Dictionary<string, (double At, string Text)>();
        var calls = new List<SystemCall>();
        foreach (var line in File.ReadLines(file))
        {
            if (Line().Match(line) is not { Success: true } match)
                continue;
            var (thread, at, text) = (match.Groups[1].Value, Number(match.Groups[2].Value), match.Groups[3].Value);
            if (text.EndsWith("<unfinished ...>", StringComparison.Ordinal))
                begun[thread] = (at, text[..^"<unfinished ...>".Length]);
            else if (Resumed().Match(text) is { Success: true } resumed && begun.Remove(thread, out var first))
                Add(calls, first.At, at, first.Text + resumed.Groups[1].Value);
            else if (Took().Match(text) is { Success: true } took)
                Add(calls, at, at + Number(took.Groups[1].Value), text);
        }

        return [.. calls.OrderBy(c => c.Began)];
    }

    private static void Add(List<SystemCall> calls, double began, double ended, string text)
    {
        if (Call().Match(text) is { Success: true } call)
            calls.Add(new SystemCall(call.Groups[1].Value, call.Groups[2].Value, text, began, ended));
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(\d+) +([\d.]+) (.*)$")]
    private static partial Regex Line();

    [GeneratedRegex(@"^<\.\.\. \w+ resumed>(.*)$")]
    private static partial Regex Resumed();

    [GeneratedRegex(@"<([\d.]+)>$")]
    private static partial Regex Took();

    [GeneratedRegex(@"^(\w+)\((\d+)")]
    private static partial Regex Call();
}
