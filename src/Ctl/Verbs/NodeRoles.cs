using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`node promote` and `node demote`</summary>
internal static class NodeRoles
{
    internal static Command Promote() => Build(
        "promote", "Promote one or more nodes to manager in the swarm", NodeSpec.Types.Role.Manager,
        id => $"Node {id} is already a manager.", reference => $"Node {reference} promoted to a manager in the swarm.");

    internal static Command Demote() => Build(
        "demote", "Demote one or more nodes from manager in the swarm", NodeSpec.Types.Role.Worker,
        id => $"Node {id} is already a worker.", reference => $"Manager {reference} demoted in the swarm.");

    private static Command Build(
        string name, string what, NodeSpec.Types.Role role, Func<string, string> already, Func<string, string> done)
    {
        var nodes = VerbParts.Several("NODE", ArgumentArity.OneOrMore);
        return new Command(name, what) { nodes }.Does((ctl, parsed, ct) => Verb.EachAsync(
            parsed.GetRequiredValue(nodes), ctl,
            async reference =>
            {
                var changed = false;
                var view = await NodeEdit.ApplyAsync(
                    ctl, reference,
                    spec =>
                    {
                        changed = spec.Role != role;
                        spec.Role = role;
                    },
                    ct).ConfigureAwait(false);
                ctl.Out.WriteLine(changed ? done(reference) : already(view.Id));
            },
            ct));
    }
}
