using System.Text.RegularExpressions;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Worker.Core;

/// <summary>
/// What the lines of a container's log are told apart by: labels, variables and a tag that the log's options ask for
/// (docker's logging options). They are the same for all of its lines, so they stand beside the log and not in it.
/// </summary>
internal static class LogDetails
{
    private static readonly Dictionary<string, string> s_none = [];

    /// <param name="driver">With its options.</param>
    /// <param name="labels">Of the container.</param>
    /// <param name="env">NAME=value, as the container has them.</param>
    /// <param name="about">Its id, name, and image.</param>
    /// <exception cref="FormatException">The tag has unknown fields.</exception>
    internal static IReadOnlyDictionary<string, string> Of(
        LogDriver? driver, IEnumerable<KeyValuePair<string, string>> labels, IEnumerable<string> env,
        (string Id, string Name, string Image) about)
    {
        if (driver is null)
        {
            return s_none;
        }

        var details = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Take(details, labels, Named(driver, LogRules.Labels, LogRules.LabelsRegex));
        Take(details, env.Select(Variable), Named(driver, LogRules.Env, LogRules.EnvRegex));
        if (driver.Options.TryGetValue(LogRules.Tag, out var tag) && tag.Length > 0)
        {
            details[LogRules.Tag] = LogRules.TagOf(tag, about.Id, about.Name, about.Image);
        }

        return details;
    }

    private static void Take(
        SortedDictionary<string, string> details, IEnumerable<KeyValuePair<string, string>> from,
        Func<string, bool> isWanted)
    {
        foreach (var (name, value) in from.Where(p => isWanted(p.Key)))
        {
            details[name] = value;
        }
    }

    private static Func<string, bool> Named(LogDriver driver, string list, string pattern)
    {
        HashSet<string> names = driver.Options.TryGetValue(list, out var text)
            ? [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)]
            : [];
        Regex? regex = driver.Options.TryGetValue(pattern, out var expression) && expression.Length > 0
            ? LogRules.Pattern(expression)
            : null;
        return name => names.Contains(name) || (regex?.IsMatch(name) ?? false);
    }

    private static KeyValuePair<string, string> Variable(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? new(text, "") : new(text[..equals], text[(equals + 1)..]);
    }
}
