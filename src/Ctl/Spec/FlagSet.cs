using System.CommandLine;
using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Spec;

/// <summary>Turns the table of flags into options of a command, and a command line back into values.</summary>
internal sealed class FlagSet
{
    private readonly Dictionary<string, Option<string[]>> _options = [];
    private readonly Dictionary<string, Option<bool?>> _switches = [];
    private readonly List<(Option Option, string Sentence)> _refused = [];

    internal FlagSet(Command command, params IReadOnlyList<ServiceFlag>[] tables)
    {
        foreach (var flag in tables.SelectMany(t => t).OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            Add(command, flag);
        }

        var suffixes = tables.Any(t => ReferenceEquals(t, ServiceFlags.Update));
        if (!suffixes && !tables.Any(t => ReferenceEquals(t, ServiceFlags.Create)))
        {
            return;
        }

        foreach (var (name, why) in ServiceFlags.Missing)
        {
            var isUpdate = name.EndsWith("-add", StringComparison.Ordinal)
                || name.EndsWith("-rm", StringComparison.Ordinal);
            if (suffixes || !isUpdate)
            {
                AddRefused(command, name, why);
            }
        }
    }

    /// <summary>What stood on the command line.</summary>
    /// <exception cref="CtlException">A flag of docker's that this version refuses.</exception>
    internal FlagValues Read(ParseResult parsed)
    {
        var refused = _refused.Where(r => parsed.GetResult(r.Option) is { Implicit: false })
            .Select(r => r.Sentence).ToList();
        if (refused.Count > 0)
        {
            throw new CtlException(ExitCode.Refused, string.Join('\n', refused));
        }

        var values = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (name, option) in _options)
        {
            if (parsed.GetResult(option) is { Implicit: false })
            {
                values[name] = parsed.GetValue(option) ?? [];
            }
        }

        foreach (var (name, option) in _switches)
        {
            if (parsed.GetResult(option) is { Implicit: false })
            {
                values[name] = [parsed.GetValue(option) == false ? "false" : "true"];
            }
        }

        return new FlagValues(values);
    }

    private void Add(Command command, ServiceFlag flag)
    {
        string[] aliases = flag.Alias is null ? [] : [flag.Alias];
        if (flag.IsSwitch)
        {
            var option = new Option<bool?>("--" + flag.Name, aliases)
            {
                Description = flag.Help,
                Arity = ArgumentArity.ZeroOrOne,
            };
            _switches[flag.Name] = option;
            command.Add(option);
            return;
        }

        var list = new Option<string[]>("--" + flag.Name, aliases)
        {
            Description = flag.Help,
            HelpName = flag.Value,
            AllowMultipleArgumentsPerToken = false,
            Arity = ArgumentArity.OneOrMore,
        };
        _options[flag.Name] = list;
        command.Add(list);
    }

    private void AddRefused(Command command, string name, string why)
    {
        var option = new Option<string[]>("--" + name) { Hidden = true, Arity = ArgumentArity.ZeroOrMore };
        _refused.Add((option, $"--{name} is not available in this version: {why}"));
        command.Add(option);
    }
}
