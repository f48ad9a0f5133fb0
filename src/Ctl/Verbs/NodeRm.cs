using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`node rm`</summary>
internal static class NodeRm
{
    internal static Command Build()
    {
        var nodes = VerbParts.Several("NODE", ArgumentArity.OneOrMore);
        var force = new Option<bool>("--force", "-f") { Description = "Remove a node that is still up" };
        var command = new Command("rm", "Remove one or more nodes from the swarm") { nodes, force };
        command.Aliases.Add("remove");
        return command.Does((ctl, parsed, ct) => Verb.EachAsync(
            parsed.GetRequiredValue(nodes), ctl,
            async reference =>
            {
                await ctl.CallAsync<RemoveNodeRequest, RemoveNodeResponse>(
                    "RemoveNode", new RemoveNodeRequest { Ref = reference, Force = parsed.GetValue(force) }, ct)
                    .ConfigureAwait(false);
                ctl.Out.WriteLine(reference);
            },
            ct));
    }
}
