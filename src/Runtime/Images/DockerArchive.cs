using System.Text.Json;

namespace Swarm.Runtime.Images;

/// <summary>
/// manifest.json of docker's archives before version 25, and of skopeo's: configs and plain layers, without a manifest
/// that a registry would take. One is written here, with the layers compressed.
/// </summary>
internal static class DockerArchive
{
    private static readonly JsonDocumentOptions s_strict =
        new() { MaxDepth = ManifestParser.MaxJsonDepth, AllowDuplicateProperties = false };

    /// <summary>The images, with all their blobs in the store.</summary>
    /// <exception cref="ImageException">The archive breaks a rule.</exception>
    internal static List<(ImageDigest Digest, IReadOnlyList<ImageReference> Tags)> Read(
        ArchiveContents contents, StoreParts parts, StorePins.Pin pin)
    {
        try
        {
            using var json = JsonDocument.Parse(contents.Document("manifest.json"), s_strict);
            var compressed = new Dictionary<string, LayerBlob>(StringComparer.Ordinal);
            return [.. json.RootElement.EnumerateArray().Select(i => Image(contents, i, parts, pin, compressed))];
        }
        catch (Exception e) when (
            e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new ImageException(
                ImageErrorKind.Invalid, "archive is refused: manifest.json is none of docker's: " + e.Message, e);
        }
    }

    private static (ImageDigest Digest, IReadOnlyList<ImageReference> Tags) Image(
        ArchiveContents contents, JsonElement item, StoreParts parts, StorePins.Pin pin,
        Dictionary<string, LayerBlob> compressed)
    {
        var config = contents.Document(item.GetProperty("Config").GetString()!);
        var names = item.GetProperty("Layers").EnumerateArray().Select(l => l.GetString()!).ToList();
        if (names.Count > ManifestParser.MaxLayers)
            throw ImageException.TooLarge($"image is refused: it has more than {ManifestParser.MaxLayers} layers");
        var layers = new List<LayerBlob>();
        foreach (var name in names)
        {
            if (!compressed.TryGetValue(name, out var blob))
                compressed[name] = blob = LayerBlob.Adopt(contents.Get(name).Path, parts, pin);
            layers.Add(blob);
        }

        var tags = item.TryGetProperty("RepoTags", out var all) && all.ValueKind == JsonValueKind.Array
            ? all.EnumerateArray().Select(t => ImageInventory.ParseTag(t.GetString()!)).ToList()
            : [];
        return (ManifestWriter.Write(config, layers, parts.Blobs, pin), tags);
    }
}
