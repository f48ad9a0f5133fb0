using System.Text.Json.Nodes;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Format;

/// <summary>Volumes as docker's API shows them.</summary>
internal static class VolumeJson
{
    /// <summary>How a service wants a volume.</summary>
    internal static JsonObject Options(VolumeOptions volume)
    {
        var json = new JsonObject();
        if (volume.NoCopy)
        {
            json["NoCopy"] = true;
        }

        if (volume.Labels.Count > 0)
        {
            json["Labels"] = Map(volume.Labels);
        }

        if (volume.Driver.Length > 0 || volume.DriverOptions.Count > 0)
        {
            json["DriverConfig"] = new JsonObject
            {
                ["Name"] = volume.Driver.Length > 0 ? volume.Driver : null,
                ["Options"] = volume.DriverOptions.Count > 0 ? Map(volume.DriverOptions) : null,
            };
        }

        if (volume.Subpath.Length > 0)
        {
            json["Subpath"] = volume.Subpath;
        }

        return json;
    }

    /// <summary>Sorted by key.</summary>
    internal static JsonObject Map(IEnumerable<KeyValuePair<string, string>> map) =>
        new([.. map.OrderBy(p => p.Key, StringComparer.Ordinal)
            .Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))]);
}
