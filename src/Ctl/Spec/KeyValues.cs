using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Spec;

/// <summary>Pairs on the command line: KEY=value, and comma-separated lists of them.</summary>
internal static class KeyValues
{
    /// <summary>KEY=value; a missing value is empty.</summary>
    internal static (string Key, string Value) Split(string flag, string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var key = equals < 0 ? text : text[..equals];
        return key.Length == 0
            ? throw new UsageException($"{flag} '{text}': empty name; write name=value")
            : (key, equals < 0 ? "" : text[(equals + 1)..]);
    }

    /// <summary>"a=1,b,c=3"; a bare word has a null value.</summary>
    internal static IEnumerable<(string Key, string? Value)> List(string text)
    {
        foreach (var part in text.Split(','))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            yield return equals < 0
                ? (part.Trim().ToLowerInvariant(), null)
                : (part[..equals].Trim().ToLowerInvariant(), part[(equals + 1)..]);
        }
    }

    /// <summary>A switch within a list: readonly, readonly=true.</summary>
    internal static bool IsOn(string flag, string key, string? value) => value switch
    {
        null or "true" or "1" => true,
        "false" or "0" => false,
        _ => throw new UsageException($"{flag} {key}='{value}': not true or false"),
    };
}
