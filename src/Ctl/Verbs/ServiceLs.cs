using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`service ls`</summary>
internal static class ServiceLs
{
    private static readonly Column[] Columns =
    [
        new("ID", "ID"), new("NAME", "Name"), new("MODE", "Mode"), new("REPLICAS", "Replicas"), new("IMAGE", "Image"),
        new("PORTS", "Ports"),
    ];

    internal static Command Build()
    {
        var format = VerbParts.Format();
        var quiet = VerbParts.Quiet("Only display IDs");
        var filter = VerbParts.Filter();
        var command = new Command("ls", "List services") { format, quiet, filter };
        command.Aliases.Add("list");
        return command.Does(async (ctl, parsed, ct) =>
        {
            var filters = VerbParts.Filters(parsed.GetRequiredValue(filter), "id", "name", "label", "mode");
            var request = new ListServicesRequest();
            request.Ids.Add(filters["id"]);
            request.Names.Add(filters["name"]);
            request.Labels.Add(filters["label"]);
            request.Modes.Add(filters["mode"]);
            var services = await Lists.ServicesAsync(ctl, request, ct).ConfigureAwait(false);
            Listing.Print(
                ctl, Columns, [.. services.Select(Row)], parsed.GetValue(format), parsed.GetValue(quiet) ? "ID" : null);
            return ExitCode.Done;
        });
    }

    private static JsonObject Row(ServiceView service) => new()
    {
        ["ID"] = VerbParts.ShortId(service.Id),
        ["Name"] = service.Spec.Name,
        ["Mode"] = service.Spec.ModeName().Replace('-', ' '),
        ["Replicas"] = Replicas(service),
        ["Image"] = Words.Image(service.Spec.Task.Container.Image),
        ["Ports"] = Words.Ports(
            service.Ports.Where(p => p.PublishMode != PortConfig.Types.PublishMode.Host), "*"),
    };

    private static string Replicas(ServiceView service)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{service.RunningTasks}/{service.DesiredTasks}");
        if (service.Spec.IsJob())
        {
            text = string.Create(
                CultureInfo.InvariantCulture,
                $"{text} ({service.CompletedTasks}/{service.TotalCompletions} completed)");
        }

        var most = service.Spec.Task.Placement?.MaxReplicasPerNode ?? 0;
        return most == 0 ? text : string.Create(CultureInfo.InvariantCulture, $"{text} (max {most} per node)");
    }
}
