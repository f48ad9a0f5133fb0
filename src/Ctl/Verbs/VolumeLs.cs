using System.CommandLine;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`volume ls`</summary>
internal static class VolumeLs
{
    private static readonly Column[] Columns = [new("DRIVER", "Driver"), new("VOLUME NAME", "Name")];

    internal static Command Build()
    {
        var filter = VerbParts.Filter();
        var format = VerbParts.Format();
        var quiet = VerbParts.Quiet("Only display volume names");
        var cluster = new Option<bool>("--cluster") { Description = "There are no volumes of a cluster" };
        var command = new Command("ls", "List the volumes of this node") { filter, format, quiet, cluster };
        command.Aliases.Add("list");
        return command.Does(async (ctl, parsed, ct) =>
        {
            if (parsed.GetValue(cluster))
            {
                throw new CtlException(
                    ExitCode.Refused,
                    "--cluster is not available in this version: volumes belong to one node; leave it out");
            }

            var volumes = await FindAsync(ctl, parsed.GetRequiredValue(filter), ct).ConfigureAwait(false);
            Listing.Print(
                ctl, Columns, [.. volumes.Select(Row)], parsed.GetValue(format),
                parsed.GetValue(quiet) ? "Name" : null);
            return ExitCode.Done;
        });
    }

    private static async Task<List<VolumeView>> FindAsync(Cli.Ctl ctl, string[] texts, CancellationToken ct)
    {
        var filters = VerbParts.Filters(texts, "dangling", "driver", "label", "name");
        var dangling = filters["dangling"].Select(d => VerbParts.Flag("dangling", d)).ToList();
        var request = new ListVolumesRequest();
        request.Labels.Add(filters["label"]);
        await using var call = ctl.LocalStream<ListVolumesRequest, ListVolumesResponse>("ListVolumes", request, ct);
        var found = new List<VolumeView>();
        await foreach (var message in call.ReadAllAsync(ct).ConfigureAwait(false))
        {
            var volume = message.Volume;
            if (dangling.All(d => d == (volume.UsedBy.Count == 0)) && Any(filters["driver"], d => d == volume.Driver)
                && Any(filters["name"], n => volume.Name.Contains(n, StringComparison.Ordinal)))
            {
                found.Add(volume);
            }
        }

        return found;
    }

    /// <summary>Of several filters with one name it is enough that one fits; none fits all.</summary>
    private static bool Any(IEnumerable<string> wanted, Func<string, bool> fits) =>
        !wanted.Any() || wanted.Any(fits);

    private static JsonObject Row(VolumeView volume) => new()
    {
        ["Availability"] = "N/A",
        ["Driver"] = volume.Driver,
        ["Group"] = "N/A",
        ["Labels"] = string.Join(',', volume.Labels.OrderBy(l => l.Key, StringComparer.Ordinal)
            .Select(l => $"{l.Key}={l.Value}")),
        ["Links"] = volume.UsedBy.Count.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["Mountpoint"] = volume.Mountpoint,
        ["Name"] = volume.Name,
        ["Scope"] = "local",
        ["Size"] = "N/A",
        ["Status"] = "N/A",
    };
}
