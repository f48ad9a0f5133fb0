using System.Text.RegularExpressions;

namespace Swarm.Runtime.Containers;

/// <summary>Makes one readable line of what crun, runc and the kernel say.</summary>
internal static partial class RuntimeErrorText
{
    internal const int MaxLength = 400;

    /// <param name="program">What should have been started; crun does not always name it.</param>
    internal static string Readable(string raw, string program)
    {
        var text = Clean(raw);
        if (text.Length == 0)
            return "the OCI runtime failed without a message";
        if (CrunNotFound().Match(text) is { Success: true } crun)
            return $"exec {crun.Groups[1].Value}: {Reason(crun.Groups[2].Value)}";
        if (RuncExec().Match(text) is { Success: true } runc)
            return $"exec {runc.Groups[1].Value}: {Reason(runc.Groups[2].Value)}";
        if (CrunExec().Match(text) is { Success: true } open)
            return $"exec {open.Groups[1].Value}: {Reason(open.Groups[2].Value)}";
        const string Open = "open executable: ";
        return text.StartsWith(Open, StringComparison.Ordinal)
            ? $"exec {program}: {Reason(text[Open.Length..])}"
            : text;
    }

    private static string Reason(string text)
    {
        var reason = text.Trim();
        if (reason.EndsWith(": unknown", StringComparison.Ordinal))
            reason = reason[..^": unknown".Length];
        if (reason.Contains("not found in $PATH", StringComparison.Ordinal))
            return "no such file or directory in PATH";
        var last = reason.LastIndexOf(": ", StringComparison.Ordinal);
        if (last >= 0)
            reason = reason[(last + 2)..];
        return reason.Length > 0 ? char.ToLowerInvariant(reason[0]) + reason[1..] : "failed";
    }

    private static string Clean(string raw)
    {
        var line = string.Concat(raw.Trim().Select(static c => char.IsControl(c) ? ' ' : c));
        return line.Length > MaxLength ? line[..MaxLength] : line;
    }

    [GeneratedRegex("executable file `([^`]+)` not found(?: in \\$PATH)?: (.+)$")]
    private static partial Regex CrunNotFound();

    [GeneratedRegex("exec: \"([^\"]+)\": (.+)$")]
    private static partial Regex RuncExec();

    [GeneratedRegex("(?:exec|open executable|cannot exec) `([^`]+)`: (.+)$")]
    private static partial Regex CrunExec();
}
