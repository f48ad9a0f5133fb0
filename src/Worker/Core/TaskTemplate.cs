using System.Text;
using Swarm.Protocol.V1;

namespace Swarm.Worker.Core;

/// <summary>
/// Expands {{.Service.Name}} and its kind in env values, hostname and mounts of a task (behaviour.md M lists
/// the fields). Anything else between braces is an error: a typing mistake must not reach a container.
/// </summary>
public sealed class TaskTemplate(AssignedTask task, string nodeId, NodeDescription node)
{
    /// <summary>Longest text that is expanded, in characters.</summary>
    public const int MaxTextChars = 32 * 1024;

    /// <summary>The text with every field replaced.</summary>
    /// <exception cref="FormatException">An unknown field or an open brace; the message names it.</exception>
    public string Expand(string text)
    {
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

            result.Append(text, at, open - at).Append(Value(text[(open + 2)..close].Trim()));
            at = close + 2;
        }
    }

    private string Value(string field) => field switch
    {
        ".Service.ID" => task.ServiceId,
        ".Service.Name" => task.ServiceName,
        ".Node.ID" => nodeId,
        ".Node.Hostname" => node.Hostname,
        ".Node.Platform.OS" => node.Platform.Os,
        ".Node.Platform.Architecture" => node.Platform.Architecture,
        ".Task.ID" => task.Id,
        ".Task.Name" => task.Name,
        ".Task.Slot" => task.Slot.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => Label(field),
    };

    private string Label(string field)
    {
        var words = field.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        if (words is ["index", ".Service.Labels", var quoted] && quoted.Length > 2
            && quoted[0] == '"' && quoted[^1] == '"')
        {
            return task.ServiceLabels.TryGetValue(quoted[1..^1], out var label) ? label : "";
        }

        throw new FormatException(
            $"template field '{{{{{field}}}}}' is unknown; known are .Service.ID, .Service.Name, .Service.Labels, "
            + ".Node.ID, .Node.Hostname, .Node.Platform, .Task.ID, .Task.Name, .Task.Slot");
    }
}
