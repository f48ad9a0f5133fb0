using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Spec;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`node update`</summary>
internal static class NodeUpdate
{
    internal static Command Build()
    {
        var node = new Argument<string>("NODE");
        var availability = new Option<string?>("--availability") { Description = "active, pause or drain" };
        var add = new Option<string[]>(
            "--label-add") { Description = "Set a label key=value", DefaultValueFactory = _ => [] };
        var remove = new Option<string[]>(
            "--label-rm") { Description = "Remove a label", DefaultValueFactory = _ => [] };
        var role = new Option<string?>("--role") { Description = "worker or manager" };
        var command = new Command("update", "Update a node") { node, availability, add, remove, role };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var reference = parsed.GetRequiredValue(node);
            void Edit(NodeSpec spec)
            {
                if (parsed.GetValue(availability) is { } wanted)
                {
                    spec.Availability = SwarmInit.ParseAvailability(wanted);
                }

                if (parsed.GetValue(role) is { } wish)
                {
                    spec.Role = ParseRole(wish);
                }

                foreach (var key in parsed.GetRequiredValue(remove))
                {
                    if (!spec.Labels.Remove(key))
                    {
                        throw new CtlException(ExitCode.NotFound, $"key {key} doesn't exist in node's labels");
                    }
                }

                SpecBuilder.Labels(spec.Labels, "--label-add", parsed.GetRequiredValue(add));
            }

            await NodeEdit.ApplyAsync(ctl, reference, Edit, ct).ConfigureAwait(false);
            ctl.Out.WriteLine(reference);
            return ExitCode.Done;
        });
    }

    private static NodeSpec.Types.Role ParseRole(string text) => text switch
    {
        "worker" => NodeSpec.Types.Role.Worker,
        "manager" => NodeSpec.Types.Role.Manager,
        _ => throw new UsageException($"invalid role '{text}', only worker and manager are supported"),
    };
}
