using System.CommandLine;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`node ls`</summary>
internal static class NodeLs
{
    private static readonly Column[] Columns =
    [
        new("ID", "Marked"), new("HOSTNAME", "Hostname"), new("STATUS", "Status"), new("AVAILABILITY", "Availability"),
        new("MANAGER STATUS", "ManagerStatus"), new("ENGINE VERSION", "EngineVersion"),
    ];

    internal static Command Build()
    {
        var format = VerbParts.Format();
        var quiet = VerbParts.Quiet("Only display IDs");
        var filter = VerbParts.Filter();
        var command = new Command("ls", "List nodes in the swarm") { format, quiet, filter };
        command.Aliases.Add("list");
        return command.Does(async (ctl, parsed, ct) =>
        {
            var filters = VerbParts.Filters(
                parsed.GetRequiredValue(filter), "id", "label", "membership", "name", "role", "node.label",
                "availability");
            var request = new ListNodesRequest();
            request.Ids.Add(filters["id"]);
            request.Names.Add(filters["name"]);
            request.Roles.Add(filters["role"]);
            request.NodeLabels.Add(filters["node.label"]);
            request.Availabilities.Add(filters["availability"]);
            request.EngineLabels.Add(filters["label"]);
            request.Memberships.Add(filters["membership"]);
            var nodes = await Lists.NodesAsync(ctl, request, ct).ConfigureAwait(false);
            var self = (await ctl.LocalAsync<GetInfoRequest, GetInfoResponse>("GetInfo", new GetInfoRequest(), ct)
                .ConfigureAwait(false)).NodeId;
            var rows = nodes.Select(n => Row(n, self, parsed.GetValue(format) is null or "" or "table")).ToList();
            Listing.Print(ctl, Columns, rows, parsed.GetValue(format), parsed.GetValue(quiet) ? "ID" : null);
            return ExitCode.Done;
        });
    }

    private static JsonObject Row(NodeView node, string self, bool marked)
    {
        var row = new JsonObject
        {
            ["ID"] = node.Id,
            ["Hostname"] = node.Description?.Hostname ?? "",
            ["Status"] = node.Status.State.ToString(),
            ["Availability"] = Words.Availability(node.Spec),
            ["ManagerStatus"] = node.ManagerStatus switch
            {
                null => "",
                { Leader: true } => "Leader",
                { Reachable: true } => "Reachable",
                _ => "Unreachable",
            },
            ["EngineVersion"] = node.Description?.EngineVersion ?? "",
            ["Self"] = node.Id == self,
            ["TLSStatus"] = "Ready",
        };
        if (marked)
        {
            row["Marked"] = node.Id == self ? node.Id + " *" : node.Id;
        }

        return row;
    }
}
