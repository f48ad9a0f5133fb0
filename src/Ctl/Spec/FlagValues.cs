using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Spec;

/// <summary>
/// What was given for the flags of one command line: every value of every flag, in order. What is wrong with a value
/// is gathered, so that a person learns all of it at once.
/// </summary>
internal sealed class FlagValues(IReadOnlyDictionary<string, IReadOnlyList<string>> values)
{
    private readonly List<string> _faults = [];

    /// <summary>What was found wrong so far, one line each.</summary>
    internal IReadOnlyList<string> Faults => _faults;

    /// <summary>The flag stood on the command line.</summary>
    internal bool Has(string flag) => values.ContainsKey(flag);

    /// <summary>Names of the flags that stood there.</summary>
    internal IEnumerable<string> Given => values.Keys;

    /// <summary>All values; empty when the flag was not given.</summary>
    internal IReadOnlyList<string> All(string flag) => values.GetValueOrDefault(flag) ?? [];

    /// <summary>All values that can be read.</summary>
    internal List<T> All<T>(string flag, Func<string, T> read)
    {
        var all = new List<T>();
        foreach (var text in All(flag))
        {
            Try(() => all.Add(read(text)));
        }

        return all;
    }

    /// <summary>The last value; null when the flag was not given.</summary>
    internal string? Last(string flag) => All(flag) is { Count: > 0 } all ? all[^1] : null;

    /// <summary>Does something with the last value, if there is one.</summary>
    internal void Apply(string flag, Action<string> apply)
    {
        if (Last(flag) is { } value)
        {
            Try(() => apply(value));
        }
    }

    /// <summary>A switch: given alone or =true.</summary>
    internal bool IsOn(string flag) => Last(flag) is { } text && text switch
    {
        "" or "true" or "1" => true,
        "false" or "0" => false,
        _ => throw new UsageException($"--{flag} '{text}': not true or false"),
    };

    /// <summary>Does something that reads values; a bad one becomes a fault.</summary>
    internal void Try(Action read)
    {
        try
        {
            read();
        }
        catch (UsageException e)
        {
            _faults.Add(e.Message);
        }
    }
}
