using System.Text.Json;
using System.Text.RegularExpressions;
using Swarm.Model;

namespace Swarm.Runtime.Containers;

/// <summary>Makes one readable line of what crun, runc and the kernel say.</summary>
internal static partial class RuntimeErrorText
{
    internal const int MaxLength = 400;
    internal const int CannotRun = 126;
    internal const int NoSuchCommand = 127;

    /// <param name="program">What should have been started; crun does not always name it.</param>
    internal static string Readable(string raw, string program)
    {
        var text = Clean(raw);
        if (text.Length == 0)
            return "the OCI runtime failed without a message";
        if (CrunNotFound().Match(text) is { Success: true } crun)
            return Sentence(crun.Groups[1].Value, crun.Groups[2].Value);
        if (RuncExec().Match(text) is { Success: true } runc)
            return Sentence(runc.Groups[1].Value, runc.Groups[2].Value);
        if (CrunExec().Match(text) is { Success: true } open)
            return Sentence(open.Groups[1].Value, open.Groups[2].Value);
        const string Open = "open executable: ";
        return text.StartsWith(Open, StringComparison.Ordinal)
            ? Sentence(program, text[Open.Length..])
            : text;
    }

    /// <summary>Last error of a log of the runtime, as it stands there; "" when there is none.</summary>
    internal static string LastOf(string log)
    {
        if (!File.Exists(log))
            return "";
        var (last, other) = ("", "");
        foreach (var line in File.ReadLines(log).Where(static l => l.Trim().Length > 0))
        {
            try
            {
                using var entry = JsonDocument.Parse(line);
                if (entry.RootElement.TryGetProperty("level", out var level) && level.GetString() == "error")
                    last = entry.RootElement.GetProperty("msg").GetString() ?? last;
            }
            catch (JsonException)
            {
                other = line;
            }
        }
        return last.Length > 0 ? last : other;
    }

    /// <summary>As shells and docker have it: 127 when there is no such command, 126 when it cannot be run.</summary>
    internal static int ExitCodeOf(string raw) =>
        raw.Contains("not found in $PATH", StringComparison.Ordinal)
        || ((raw.Contains("exec", StringComparison.Ordinal) && !raw.Contains("chdir", StringComparison.Ordinal))
            && raw.Contains("no such file or directory", StringComparison.OrdinalIgnoreCase))
            ? NoSuchCommand
            : CannotRun;

    private static string Sentence(string program, string why)
    {
        var reason = Reason(why);
        var remedy = reason switch
        {
            "permission denied" or "operation not permitted" or "is a directory" =>
                "; it must be a file that its user may execute: chmod +x it in the image, or name another program",
            "exec format error" => "; it is built for another kind of processor, or it is a script without #!/bin/sh",
            _ when reason.StartsWith("no such file or directory", StringComparison.Ordinal) =>
                "; the image has no such program: check the command and the image's entrypoint",
            _ => "",
        };
        return $"exec {program}: {reason}{remedy}";
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

    private static string Clean(string raw) => Printable.Line(raw.Trim(), MaxLength);

    [GeneratedRegex("executable file `([^`]+)` not found(?: in \\$PATH)?: (.+)$")]
    private static partial Regex CrunNotFound();

    [GeneratedRegex("exec: \"([^\"]+)\": (.+)$")]
    private static partial Regex RuncExec();

    [GeneratedRegex("(?:exec|open executable|cannot exec) `([^`]+)`: (.+)$")]
    private static partial Regex CrunExec();
}
