using System.CommandLine;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`volume inspect`</summary>
internal static class VolumeInspect
{
    internal static Command Build()
    {
        var names = VerbParts.Several("VOLUME", ArgumentArity.OneOrMore);
        var format = VerbParts.InspectFormat();
        var command = new Command("inspect", "Display detailed information on one or more volumes") { names, format };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var found = new List<JsonNode>();
            var result = await Verb.EachAsync(
                parsed.GetRequiredValue(names), ctl,
                async name =>
                {
                    var answer = await ctl.LocalAsync<InspectVolumeRequest, InspectVolumeResponse>(
                        "InspectVolume", new InspectVolumeRequest { Name = name }, ct).ConfigureAwait(false);
                    found.Add(Document(answer.Volume));
                },
                ct).ConfigureAwait(false);
            Documents.Print(ctl, found, parsed.GetValue(format));
            return result;
        });
    }

    /// <summary>Docker's document, and who uses it.</summary>
    internal static JsonObject Document(VolumeView volume) => new()
    {
        ["CreatedAt"] = Ago.At(volume.CreatedNs).ToString(
            "yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
        ["Driver"] = volume.Driver,
        ["Labels"] = volume.Labels.Count > 0 ? VolumeJson.Map(volume.Labels) : null,
        ["Mountpoint"] = volume.Mountpoint,
        ["Name"] = volume.Name,
        ["Options"] = volume.Options.Count > 0 ? VolumeJson.Map(volume.Options) : null,
        ["Scope"] = "local",
        ["UsedBy"] = new JsonArray([.. volume.UsedBy.Select(u => (JsonNode)u)]),
    };
}
