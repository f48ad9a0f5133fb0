using System.Net;

namespace Swarm.Scheduler;

/// <summary>
/// Reads constraints ("node.role==manager") and placement preferences ("spread=node.labels.zone"). Unlike docker's
/// it refuses keys that can never match: such a service would wait for ever.
/// </summary>
public static class ConstraintParser
{
    private const string NodeLabels = "node.labels.";
    private const string EngineLabels = "engine.labels.";

    /// <summary>Characters beside letters and digits that a value may have (docker's set).</summary>
    private const string ValuePunctuation = ":-_. *()?+[]\\^$|/";

    private const string KnownKeys =
        "use node.id, node.hostname, node.ip, node.role, node.platform.os, node.platform.arch, "
        + "node.labels.NAME or engine.labels.NAME";

    /// <summary>Parses one constraint; <paramref name="error"/> says rule and remedy when it is none.</summary>
    public static bool TryParse(string text, out Constraint constraint, out string error)
    {
        constraint = null!;
        var at = text.IndexOf("==", StringComparison.Ordinal);
        var not = text.IndexOf("!=", StringComparison.Ordinal);
        var equal = at >= 0 && (not < 0 || at < not);
        at = equal ? at : not;
        if (at < 0)
        {
            error = "constraint expected one operator from ==, !=; write KEY==VALUE or KEY!=VALUE";
            return false;
        }

        var (key, value) = (text[..at].Trim(), text[(at + 2)..].Trim());
        if (!IsKey(key))
        {
            error = $"key '{key}' is invalid; {KnownKeys}";
            return false;
        }

        if (value.Length == 0 || !value.All(c => char.IsAsciiLetterOrDigit(c) || ValuePunctuation.Contains(c)))
        {
            error = $"value '{value}' is invalid; use letters, digits and {ValuePunctuation}";
            return false;
        }

        if (Subject(key) is not { } subject)
        {
            error = $"key '{key}' is unknown, so no node would ever match; {KnownKeys}";
            return false;
        }

        constraint = new Constraint(subject.Subject, subject.Label, equal, value);
        return IsPossible(constraint, out error);
    }

    /// <summary>Parses one preference: the label whose values the tasks are spread over.</summary>
    public static bool TryParsePreference(string text, out (bool Engine, string Label) label, out string error)
    {
        label = default;
        error = "";
        var parts = text.Split('=', 2);
        if (parts.Length != 2 || !parts[0].Trim().Equals("spread", StringComparison.OrdinalIgnoreCase))
        {
            error = "the only placement preference is spread; write spread=node.labels.NAME";
            return false;
        }

        if (Subject(parts[1].Trim()) is { } subject && subject.Label.Length > 0)
        {
            label = (subject.Subject == ConstraintSubject.EngineLabel, subject.Label);
            return true;
        }

        error = $"cannot spread over '{parts[1].Trim()}'; use node.labels.NAME or engine.labels.NAME";
        return false;
    }

    private static bool IsPossible(Constraint constraint, out string error)
    {
        error = constraint.Subject switch
        {
            ConstraintSubject.Role when constraint.Value.ToUpperInvariant() is not ("MANAGER" or "WORKER") =>
                $"value '{constraint.Value}' is no role; use manager or worker",
            ConstraintSubject.Address when !IPAddress.TryParse(constraint.Value, out _)
                && !IPNetwork.TryParse(constraint.Value, out _) =>
                $"value '{constraint.Value}' is neither an address nor a network; write 10.0.0.7 or 10.0.0.0/24",
            _ => "",
        };
        return error.Length == 0;
    }

    private static (ConstraintSubject Subject, string Label)? Subject(string key) => key.ToUpperInvariant() switch
    {
        "NODE.ID" => (ConstraintSubject.NodeId, ""),
        "NODE.HOSTNAME" => (ConstraintSubject.Hostname, ""),
        "NODE.IP" => (ConstraintSubject.Address, ""),
        "NODE.ROLE" => (ConstraintSubject.Role, ""),
        "NODE.PLATFORM.OS" => (ConstraintSubject.Os, ""),
        "NODE.PLATFORM.ARCH" => (ConstraintSubject.Architecture, ""),
        _ when IsLabel(key, NodeLabels) => (ConstraintSubject.NodeLabel, key[NodeLabels.Length..]),
        _ when IsLabel(key, EngineLabels) => (ConstraintSubject.EngineLabel, key[EngineLabels.Length..]),
        _ => null,
    };

    private static bool IsLabel(string key, string prefix) =>
        key.Length > prefix.Length && key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase);

    private static bool IsKey(string key) =>
        key.Length > 1
        && (char.IsAsciiLetter(key[0]) || key[0] == '_')
        && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/');
}
