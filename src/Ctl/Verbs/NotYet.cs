using System.CommandLine;
using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Verbs;

/// <summary>Groups of docker's grammar that this version does not have: each says so, with exit code 1.</summary>
internal static class NotYet
{
    internal static readonly IReadOnlyList<(string Name, string What)> Groups =
    [
        ("stack", "stacks"), ("network", "networks of one's own"),
    ];

    internal static Command Build(string name, string what)
    {
        var command =
            new Command(name, $"Not available yet: {what}") { Hidden = true, TreatUnmatchedTokensAsErrors = false };
        return command.Does((_, _, _) => throw new CtlException(
            ExitCode.Refused, $"swarmctl {name}: {what} are not available in this version"));
    }
}
