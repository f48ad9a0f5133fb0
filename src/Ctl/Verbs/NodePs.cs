using System.CommandLine;
using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Verbs;

/// <summary>`node ps`</summary>
internal static class NodePs
{
    internal static Command Build()
    {
        var nodes = VerbParts.Several("NODE", ArgumentArity.ZeroOrMore);
        var listing = new TaskListing();
        var command = new Command("ps", "List tasks running on one or more nodes, defaults to current node") { nodes };
        listing.AddTo(command);
        return command.Does(async (ctl, parsed, ct) =>
        {
            var request = listing.Request(parsed);
            string[] asked = parsed.GetValue(nodes) is { Length: > 0 } given ? given : ["self"];
            foreach (var reference in asked)
            {
                request.NodeRefs.Add((await VerbParts.NodeAsync(ctl, reference, ct).ConfigureAwait(false)).Id);
            }

            await listing.PrintAsync(ctl, parsed, request, ct).ConfigureAwait(false);
            return ExitCode.Done;
        });
    }
}
