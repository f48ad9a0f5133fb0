using System.CommandLine;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`node inspect`</summary>
internal static class NodeInspect
{
    internal static Command Build()
    {
        var nodes = VerbParts.Several("self|NODE", ArgumentArity.OneOrMore);
        var format = VerbParts.InspectFormat();
        var pretty = new Option<bool>("--pretty") { Description = "Print the information in a human friendly form" };
        var command =
            new Command("inspect", "Display detailed information on one or more nodes") { nodes, format, pretty };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var found = new List<JsonNode>();
            var result = await Verb.EachAsync(
                parsed.GetRequiredValue(nodes), ctl,
                async reference =>
                {
                    var answer = await ctl.CallAsync<GetNodeRequest, GetNodeResponse>(
                        "GetNode", new GetNodeRequest { Ref = reference }, ct).ConfigureAwait(false);
                    if (parsed.GetValue(pretty))
                    {
                        NodePretty.Print(ctl.Shown, answer);
                    }
                    else
                    {
                        found.Add(DockerJson.Node(answer));
                    }
                },
                ct).ConfigureAwait(false);
            if (!parsed.GetValue(pretty))
            {
                Documents.Print(ctl, found, parsed.GetValue(format));
            }

            return result;
        });
    }
}
