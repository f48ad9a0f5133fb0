using System.CommandLine;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;

namespace Swarm.Ctl.Verbs;

/// <summary>`container inspect`</summary>
internal static class ContainerInspect
{
    internal static Command Build()
    {
        var names = VerbParts.Several("CONTAINER", ArgumentArity.OneOrMore);
        var format = VerbParts.InspectFormat();
        var size = new Option<bool>("--size", "-s") { Description = "Not available: sizes are not counted" };
        var command = new Command("inspect", "Display detailed information on one or more containers")
        {
            names, format, size,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            ContainerParts.Refuse(parsed, size, "leave it out");
            var found = new List<JsonNode>();
            var result = await Verb.EachAsync(
                parsed.GetRequiredValue(names), ctl,
                async name => found.Add(ContainerJson.Document(
                    await ContainerParts.InspectAsync(ctl, name, ct).ConfigureAwait(false))),
                ct).ConfigureAwait(false);
            Documents.Print(ctl, found, parsed.GetValue(format));
            return result;
        });
    }
}
