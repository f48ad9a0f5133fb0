using System.CommandLine;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Ctl.Spec;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`secret …` and `config …`: the same verbs for two kinds of things.</summary>
internal static class Payloads
{
    internal static Command[] Build(PayloadKind kind) =>
        [PayloadCreate.Build(kind), Inspect(kind), PayloadLs.Build(kind), Rm(kind), Update(kind)];

    private static Command Inspect(PayloadKind kind)
    {
        var word = kind.Word();
        var names = VerbParts.Several(word.ToUpperInvariant(), ArgumentArity.OneOrMore);
        var format = VerbParts.InspectFormat();
        var pretty = new Option<bool>("--pretty") { Description = "Print the information in a human friendly form" };
        var command = new Command("inspect", $"Display detailed information on one or more {word}s")
        {
            names, format, pretty,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var found = new List<JsonNode>();
            var result = await Verb.EachAsync(
                parsed.GetRequiredValue(names), ctl,
                async reference =>
                {
                    var view = await VerbParts.PayloadAsync(ctl, kind, reference, ct).ConfigureAwait(false);
                    if (parsed.GetValue(pretty))
                    {
                        PayloadFormat.Pretty(ctl.Shown, view);
                    }
                    else
                    {
                        found.Add(PayloadFormat.Json(view));
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

    private static Command Rm(PayloadKind kind)
    {
        var word = kind.Word();
        var names = VerbParts.Several(word.ToUpperInvariant(), ArgumentArity.OneOrMore);
        var command = new Command("rm", $"Remove one or more {word}s") { names };
        command.Aliases.Add("remove");
        return command.Does((ctl, parsed, ct) => Verb.EachAsync(
            parsed.GetRequiredValue(names), ctl,
            async reference =>
            {
                await ctl.CallAsync<RemovePayloadRequest, RemovePayloadResponse>(
                    "RemovePayload", new RemovePayloadRequest { Kind = kind, Ref = reference }, ct)
                    .ConfigureAwait(false);
                ctl.Out.WriteLine(reference);
            },
            ct));
    }

    /// <summary>Docker can do this in its API only: labels are all that may be changed.</summary>
    private static Command Update(PayloadKind kind)
    {
        var word = kind.Word();
        var name = new Argument<string>(word.ToUpperInvariant());
        var add = new Option<string[]>("--label-add")
        {
            Description = "Set a label key=value", DefaultValueFactory = _ => [],
        };
        var remove = new Option<string[]>("--label-rm")
        {
            Description = "Remove a label", DefaultValueFactory = _ => [],
        };
        var command = new Command("update", $"Change the labels of a {word}") { name, add, remove };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var reference = parsed.GetRequiredValue(name);
            var view = await VerbParts.PayloadAsync(ctl, kind, reference, ct).ConfigureAwait(false);
            var spec = view.Spec.Clone();
            foreach (var key in parsed.GetRequiredValue(remove))
            {
                if (!spec.Labels.Remove(key))
                {
                    throw new CtlException(ExitCode.NotFound, $"{word} {reference} has no label {key}");
                }
            }

            SpecBuilder.Labels(spec.Labels, "--label-add", parsed.GetRequiredValue(add));
            await ctl.CallAsync<UpdatePayloadRequest, UpdatePayloadResponse>(
                "UpdatePayload",
                new UpdatePayloadRequest { Kind = kind, Id = view.Id, Version = view.Version, Spec = spec },
                ct).ConfigureAwait(false);
            ctl.Out.WriteLine(reference);
            return ExitCode.Done;
        });
    }
}
