using System.CommandLine;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`image inspect`</summary>
internal static class ImageInspect
{
    internal static Command Build()
    {
        var images = VerbParts.Several("IMAGE", ArgumentArity.OneOrMore);
        var format = VerbParts.InspectFormat();
        var platform = ImageParts.Platform();
        var command = new Command("inspect", "Display detailed information on one or more images")
        {
            images, format, platform,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            ImageParts.Refuse(parsed, platform, "a node has images of its own platform only");
            var found = new List<JsonNode>();
            var result = await Verb.EachAsync(
                parsed.GetRequiredValue(images), ctl,
                async image =>
                    found.Add(Document(await ImageParts.InspectAsync(ctl, image, ct).ConfigureAwait(false))),
                ct).ConfigureAwait(false);
            Documents.Print(ctl, found, parsed.GetValue(format));
            return result;
        });
    }

    /// <summary>Docker's document; what the config says about running it is shown as its builder wrote it.</summary>
    internal static JsonObject Document(InspectImageResponse image)
    {
        var config = ImageParts.Config(image);
        var view = image.Image;
        var layers = Path.Combine(image.StoreDirectory, "layers");
        return new JsonObject
        {
            ["Id"] = view.Id,
            ["RepoTags"] = Texts(view.Tags),
            ["RepoDigests"] = Texts(view.Digests),
            ["Comment"] = Text((config["history"] as JsonArray)?.LastOrDefault() is JsonObject last
                ? last["comment"] : null),
            ["Created"] = Text(config["created"]),
            ["DockerVersion"] = Text(config["docker_version"]),
            ["Author"] = Text(config["author"]),
            ["Config"] = config["config"]?.DeepClone() ?? new JsonObject(),
            ["Architecture"] = Text(config["architecture"]),
            ["Variant"] = Text(config["variant"]) is { Length: > 0 } variant ? variant : null,
            ["Os"] = Text(config["os"]),
            ["Size"] = view.Bytes,
            ["GraphDriver"] = new JsonObject { ["Name"] = "overlay", ["Data"] = new JsonObject { ["Root"] = layers } },
            ["RootFS"] = new JsonObject
            {
                ["Type"] = "layers",
                ["Layers"] = (config["rootfs"] as JsonObject)?["diff_ids"]?.DeepClone(),
            },
            ["Metadata"] = new JsonObject { ["LastTagTime"] = Ago.Json(image.AddedNs) },
            ["Descriptor"] = new JsonObject { ["digest"] = image.ManifestDigest },
            ["UsedBy"] = Texts(view.UsedBy),
            ["KeptFor"] = Texts(view.KeptFor),
        };
    }

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(t => (JsonNode)t)];

    private static string Text(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
}
