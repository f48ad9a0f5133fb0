using System.Globalization;
using System.Text.Json.Nodes;
using Swarm.Model;

namespace Swarm.Runtime.Images;

/// <summary>
/// HEALTHCHECK as a Dockerfile has it: NONE, or options and then CMD with a JSON list of words or a line for the shell.
/// Pure.
/// </summary>
internal static class HealthcheckInstruction
{
    private const string Form =
        "it has not the form NONE or [--interval=, --timeout=, --start-period=, --start-interval=, --retries=] CMD …";
    private const long MinDurationNs = 1_000_000;

    /// <summary>What an image's config keeps of it: Test, and in nanoseconds what the options say.</summary>
    /// <param name="rest">What follows the word HEALTHCHECK.</param>
    /// <param name="texts">Reads a JSON list of texts.</param>
    /// <param name="bad">The refusal for a reason.</param>
    internal static JsonObject Parse(string rest, Func<string, List<string>> texts, Func<string, ImageException> bad)
    {
        var check = new JsonObject();
        var (word, line) = Split(rest);
        while (word.StartsWith("--", StringComparison.Ordinal))
        {
            AddOption(check, word, bad);
            (word, line) = Split(line);
        }

        if (word.Equals("NONE", StringComparison.OrdinalIgnoreCase) && line.Length == 0 && check.Count == 0)
            return new JsonObject { ["Test"] = new JsonArray("NONE") };
        if (!word.Equals("CMD", StringComparison.OrdinalIgnoreCase) || line.Length == 0)
            throw bad(Form);
        check["Test"] = line[0] == '['
            ? new JsonArray([JsonValue.Create("CMD"), .. texts(line).Select(t => (JsonNode)t)])
            : new JsonArray("CMD-SHELL", line);
        return check["Test"]!.AsArray().Count > 1 ? check : throw bad(Form);
    }

    private static (string Word, string Line) Split(string line)
    {
        var space = line.IndexOfAny([' ', '\t']);
        return space < 0 ? (line, "") : (line[..space], line[space..].Trim());
    }

    private static void AddOption(JsonObject check, string word, Func<string, ImageException> bad)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        var value = equals < 0 ? "" : word[(equals + 1)..];
        switch (equals < 0 ? word : word[..equals])
        {
            case "--interval":
                check["Interval"] = DurationNs(value, bad);
                break;
            case "--timeout":
                check["Timeout"] = DurationNs(value, bad);
                break;
            case "--start-period":
                check["StartPeriod"] = DurationNs(value, bad);
                break;
            case "--start-interval":
                check["StartInterval"] = DurationNs(value, bad);
                break;
            case "--retries" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var times):
                check["Retries"] = times;
                break;
            default:
                throw bad(Form);
        }
    }

    /// <summary>0 = the default; the least is docker's.</summary>
    private static long DurationNs(string text, Func<string, ImageException> bad) =>
        !DurationText.TryParseNs(text, out var ns) ? throw bad($"'{text}' is no duration like 1m30s or 500ms")
            : ns is not 0 and < MinDurationNs ? throw bad($"'{text}' is less than 1ms")
            : ns;
}
