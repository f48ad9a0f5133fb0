namespace Swarm.Ctl.Spec;

/// <summary>What was given for the flags of one command line: every value of every flag, in order.</summary>
internal sealed class FlagValues(IReadOnlyDictionary<string, IReadOnlyList<string>> values)
{
    /// <summary>The flag stood on the command line.</summary>
    internal bool Has(string flag) => values.ContainsKey(flag);

    /// <summary>All values; empty when the flag was not given.</summary>
    internal IReadOnlyList<string> All(string flag) => values.GetValueOrDefault(flag) ?? [];

    /// <summary>The last value; null when the flag was not given.</summary>
    internal string? Last(string flag) => All(flag) is { Count: > 0 } all ? all[^1] : null;

    /// <summary>A switch: given alone or =true.</summary>
    internal bool IsOn(string flag) => Last(flag) is { } text && text switch
    {
        "" or "true" or "1" => true,
        "false" or "0" => false,
        _ => throw new Cli.UsageException($"--{flag} '{text}': not true or false"),
    };
}
