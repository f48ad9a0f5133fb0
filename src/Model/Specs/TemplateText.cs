using System.Text;

namespace Swarm.Model;

/// <summary>
/// Texts with {{.Service.Name}} and its kind (behaviour.md M lists the fields). Anything else between braces is an
/// error: a typing mistake must not reach a container.
/// </summary>
public static class TemplateText
{
    /// <summary>Longest text that is expanded, in characters.</summary>
    public const int MaxTextChars = 32 * 1024;

    private const string Known = "known are .Service.ID, .Service.Name, .Service.Labels, .Node.ID, .Node.Hostname, "
        + ".Node.Platform, .Task.ID, .Task.Name, .Task.Slot";

    private static readonly HashSet<string> Fields = new(StringComparer.Ordinal)
    {
        ".Service.ID", ".Service.Name", ".Node.ID", ".Node.Hostname", ".Node.Platform.OS",
        ".Node.Platform.Architecture", ".Task.ID", ".Task.Name", ".Task.Slot",
    };

    /// <summary>The text with every field replaced.</summary>
    /// <param name="text">May hold fields.</param>
    /// <param name="value">The value of a field; null when there is none of that name.</param>
    /// <exception cref="FormatException">An unknown field or an open brace; the message names it.</exception>
    public static string Expand(string text, Func<string, string?> value)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(value);
        if (!text.Contains("{{", StringComparison.Ordinal))
        {
            return text;
        }

        if (text.Length > MaxTextChars)
        {
            throw new FormatException($"a template may have {MaxTextChars} characters at most");
        }

        var result = new StringBuilder();
        var at = 0;
        while (true)
        {
            var open = text.IndexOf("{{", at, StringComparison.Ordinal);
            if (open < 0)
            {
                return result.Append(text, at, text.Length - at).ToString();
            }

            var close = text.IndexOf("}}", open, StringComparison.Ordinal);
            if (close < 0)
            {
                throw new FormatException($"template '{text}' has '{{{{' without '}}}}'");
            }

            var field = text[(open + 2)..close].Trim();
            result.Append(text, at, open - at).Append(value(field)
                ?? throw new FormatException($"template field '{{{{{field}}}}}' is unknown; {Known}"));
            at = close + 2;
        }
    }

    /// <summary>The label that {{index .Service.Labels "key"}} names; null when it is another field.</summary>
    public static string? LabelOf(string field)
    {
        ArgumentNullException.ThrowIfNull(field);
        var words = field.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        return words is ["index", ".Service.Labels", ['"', _, .., '"'] quoted] ? quoted[1..^1] : null;
    }

    /// <summary>Adds a fault when a text cannot be expanded on a node.</summary>
    internal static void Check(string text, string field, FaultCollector faults)
    {
        try
        {
            Expand(text, name => Fields.Contains(name) ? "" : LabelOf(name));
        }
        catch (FormatException e)
        {
            var parts = e.Message.Split("; ", 2);
            faults.Add(field, text, parts[0], parts.Length > 1 ? parts[1] : "write {{.Task.Slot}} and its kind");
        }
    }
}
