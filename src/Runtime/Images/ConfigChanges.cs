using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Swarm.Runtime.Images;

/// <summary>Dockerfile instructions that say how an image runs, as `image import --change` takes them. Pure.</summary>
internal static class ConfigChanges
{
    private const string Known =
        "CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, STOPSIGNAL, USER, VOLUME and WORKDIR";

    /// <summary>The config part of an image's document.</summary>
    /// <exception cref="ImageException">An instruction is unknown or has not its form.</exception>
    internal static JsonObject Apply(IEnumerable<string> changes)
    {
        var config = new JsonObject();
        foreach (var change in changes)
        {
            Apply(config, change.Trim());
        }

        return config;
    }

    private static void Apply(JsonObject config, string change)
    {
        var space = change.IndexOfAny([' ', '\t']);
        var word = space < 0 ? change : change[..space];
        var rest = space < 0 ? "" : change[space..].Trim();
        if (rest.Length == 0)
            throw Bad(change, "it has no argument");
        switch (word.ToUpperInvariant())
        {
            case "CMD":
                config["Cmd"] = Command(change, rest);
                break;
            case "ENTRYPOINT":
                config["Entrypoint"] = Command(change, rest);
                break;
            case "USER":
                config["User"] = rest;
                break;
            case "WORKDIR":
                config["WorkingDir"] = rest;
                break;
            case "STOPSIGNAL":
                config["StopSignal"] = rest;
                break;
            case "HEALTHCHECK":
                config["Healthcheck"] = HealthcheckInstruction.Parse(
                    rest, json => Texts(change, json), rule => Bad(change, rule));
                break;
            case "ENV":
                AddVariables(config, change, rest);
                break;
            case "LABEL":
                Map(config, "Labels", Pairs(change, rest).Select(p => (p.Key, (JsonNode)p.Value)));
                break;
            case "EXPOSE":
                Map(config, "ExposedPorts", Words(change, rest).Select(p => (
                    p.Contains('/', StringComparison.Ordinal) ? p : p + "/tcp", (JsonNode)new JsonObject())));
                break;
            case "VOLUME":
                var volumes = rest[0] == '[' ? Texts(change, rest) : Words(change, rest);
                Map(config, "Volumes", volumes.Select(v => (v, (JsonNode)new JsonObject())));
                break;
            default:
                throw Bad(change, $"it is none of {Known}");
        }
    }

    private static void AddVariables(JsonObject config, string change, string rest)
    {
        var all = config["Env"] as JsonArray ?? [];
        config["Env"] = all;
        foreach (var (key, value) in Pairs(change, rest))
        {
            all.Where(e => ((string)e!).StartsWith(key + "=", StringComparison.Ordinal)).ToList()
                .ForEach(old => all.Remove(old));
            all.Add($"{key}={value}");
        }
    }

    private static void Map(JsonObject config, string name, IEnumerable<(string Key, JsonNode Value)> entries)
    {
        var map = config[name] as JsonObject ?? [];
        config[name] = map;
        foreach (var (key, value) in entries)
        {
            map[key] = value;
        }
    }

    /// <summary>A JSON list of words, or a line for the shell.</summary>
    private static JsonArray Command(string change, string rest) => rest[0] == '['
        ? [.. Texts(change, rest).Select(t => (JsonNode)t)]
        : ["/bin/sh", "-c", rest];

    private static List<string> Texts(string change, string json)
    {
        try
        {
            return JsonSerializer.Deserialize<List<string>>(json) is { } texts && !texts.Contains(null!)
                ? texts
                : throw Bad(change, "it is no list of texts");
        }
        catch (JsonException e)
        {
            throw new ImageException(ImageErrorKind.Invalid, Bad(change, "it is no JSON list of texts").Message, e);
        }
    }

    /// <summary>KEY=VALUE …, or the old form KEY VALUE.</summary>
    private static List<KeyValuePair<string, string>> Pairs(string change, string rest)
    {
        var words = Words(change, rest);
        if (!words[0].Contains('=', StringComparison.Ordinal) && words.Count > 1)
            return [KeyValuePair.Create(words[0], rest[words[0].Length..].Trim())];
        return [.. words.Select(w => w.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
            ? KeyValuePair.Create(w[..at], w[(at + 1)..])
            : throw Bad(change, "it has not the form KEY=VALUE"))];
    }

    /// <summary>Words between spaces; quotes and a backslash keep spaces in.</summary>
    private static List<string> Words(string change, string rest)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var quote = '\0';
        for (var i = 0; i < rest.Length; i++)
        {
            var c = rest[i];
            if (c == '\\' && quote != '\'' && i + 1 < rest.Length)
                word.Append(rest[++i]);
            else if (quote == '\0' ? c is '"' or '\'' : c == quote)
                quote = quote == '\0' ? c : '\0';
            else if (quote == '\0' && char.IsWhiteSpace(c))
                Flush();
            else
                word.Append(c);
        }

        Flush();
        return quote == '\0' && words.Count > 0 ? words : throw Bad(change, "a quote is not closed, or it is empty");

        void Flush()
        {
            if (word.Length > 0)
                words.Add(word.ToString());
            word.Clear();
        }
    }

    private static ImageException Bad(string change, string rule) =>
        ImageException.Invalid($"--change \"{NativeName.Show(NativeName.Of(change))}\" is refused: {rule}");
}
