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
        var role = new Option<string?>("--role") { Hidden = true };
        role.Validators.Add(
            r => r.AddError("--role is not available in this version: join the node with the other token"));
        var command = new Command("update", "Update a node") { node, availability, add, remove, role };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var reference = parsed.GetRequiredValue(node);
            var view = await VerbParts.NodeAsync(ctl, reference, ct).ConfigureAwait(false);
            var spec = view.Spec.Clone();
            if (parsed.GetValue(availability) is { } wanted)
            {
                spec.Availability = SwarmInit.ParseAvailability(wanted);
            }

            foreach (var key in parsed.GetRequiredValue(remove))
            {
                if (!spec.Labels.Remove(key))
                {
                    throw new CtlException(ExitCode.NotFound, $"key {key} doesn't exist in node's labels");
                }
            }

            SpecBuilder.Labels(spec.Labels, "--label-add", parsed.GetRequiredValue(add));
            await ctl.CallAsync<UpdateNodeRequest, UpdateNodeResponse>(
                "UpdateNode",
                new UpdateNodeRequest { NodeId = view.Id, Version = view.Version, Spec = spec },
                ct).ConfigureAwait(false);
            ctl.Out.WriteLine(reference);
            return ExitCode.Done;
        });
    }
}
