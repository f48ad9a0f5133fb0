using System.CommandLine;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;

namespace Swarm.Ctl.Verbs;

/// <summary>`service inspect`</summary>
internal static class ServiceInspect
{
    internal static Command Build()
    {
        var services = VerbParts.Several("SERVICE", ArgumentArity.OneOrMore);
        var format = VerbParts.InspectFormat();
        var pretty = new Option<bool>("--pretty") { Description = "Print the information in a human friendly form" };
        var command = new Command("inspect", "Display detailed information on one or more services")
        {
            services, format, pretty,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var found = new List<JsonNode>();
            var result = await Verb.EachAsync(
                parsed.GetRequiredValue(services), ctl,
                async reference =>
                {
                    var view = await VerbParts.ServiceAsync(ctl, reference, ct).ConfigureAwait(false);
                    if (parsed.GetValue(pretty))
                    {
                        ServicePretty.Print(ctl.Shown, view);
                    }
                    else
                    {
                        found.Add(DockerJson.Service(view));
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
