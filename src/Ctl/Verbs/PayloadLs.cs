using System.CommandLine;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`secret ls` and `config ls`</summary>
internal static class PayloadLs
{
    private static readonly Column[] Secrets =
    [
        new("ID", "ID"), new("NAME", "Name"), new("DRIVER", "Driver"), new("CREATED", "CreatedAt"),
        new("UPDATED", "UpdatedAt"),
    ];

    private static readonly Column[] Configs = [.. Secrets.Where(c => c.Name != "Driver")];

    internal static Command Build(PayloadKind kind)
    {
        var format = VerbParts.Format();
        var quiet = VerbParts.Quiet("Only display IDs");
        var filter = VerbParts.Filter();
        var command = new Command("ls", $"List {kind.Word()}s") { format, quiet, filter };
        command.Aliases.Add("list");
        return command.Does(async (ctl, parsed, ct) =>
        {
            var filters = VerbParts.Filters(parsed.GetRequiredValue(filter), "id", "label", "name");
            var request = new ListPayloadsRequest { Kind = kind };
            request.Ids.Add(filters["id"]);
            request.Names.Add(filters["name"]);
            request.Labels.Add(filters["label"]);
            var payloads = await Lists.PayloadsAsync(ctl, request, ct).ConfigureAwait(false);
            Listing.Print(
                ctl, kind == PayloadKind.Secret ? Secrets : Configs, [.. payloads.Select(Row)],
                parsed.GetValue(format), parsed.GetValue(quiet) ? "ID" : null);
            return ExitCode.Done;
        });
    }

    private static JsonObject Row(PayloadView view)
    {
        var row = new JsonObject
        {
            ["ID"] = view.Id,
            ["Name"] = view.Spec.Name,
            ["CreatedAt"] = Ago.Words(DateTimeOffset.UtcNow - Ago.At(view.CreatedAtNs)) + " ago",
            ["UpdatedAt"] = Ago.Words(DateTimeOffset.UtcNow - Ago.At(view.UpdatedAtNs)) + " ago",
            ["Labels"] = string.Join(
                ',', view.Spec.Labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}")),
        };
        if (view.Kind == PayloadKind.Secret)
        {
            row["Driver"] = "";
        }

        return row;
    }
}
