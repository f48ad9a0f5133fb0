using System.Text.Json;

namespace Swarm.Runtime.Images;

/// <summary>
/// Reads manifests and indexes as hostile documents. The rules are those that broke others: a document that is both
/// (CVE-2021-41190), a media type that disagrees with the header, layers to be had from foreign addresses
/// (CVE-2020-15157).
/// </summary>
internal static class ManifestParser
{
    internal const int MaxManifestBytes = 4 << 20;

    /// <summary>Overlayfs joins at most 500 lower directories.</summary>
    internal const int MaxLayers = 500;

    internal const int MaxIndexEntries = 1000;

    /// <summary>Largest compressed layer.</summary>
    internal const long MaxBlobBytes = 32L << 30;

    internal const int MaxJsonDepth = 32;

    private static readonly JsonDocumentOptions s_strict =
        new() { MaxDepth = MaxJsonDepth, AllowDuplicateProperties = false };

    /// <param name="content">The document.</param>
    /// <param name="contentType">The media type that the registry or the referring document gave for it.</param>
    /// <exception cref="ImageException">The document breaks a rule.</exception>
    internal static ManifestDocument Parse(ReadOnlyMemory<byte> content, string contentType) =>
        Guarded(content, root => Document(root, contentType));

    /// <summary>
    /// A document of this disk or of an archive; without a media type of its own its fields tell what it is.
    /// </summary>
    /// <exception cref="ImageException">The document breaks a rule.</exception>
    internal static ManifestDocument ParseStored(ReadOnlyMemory<byte> content) => Guarded(content, root =>
    {
        var type = Text(root, "mediaType");
        var guess = root.TryGetProperty("manifests", out _) ? MediaTypes.OciIndex : MediaTypes.OciManifest;
        return Document(root, type.Length > 0 ? type : guess);
    });

    private static ManifestDocument Guarded(ReadOnlyMemory<byte> content, Func<JsonElement, ManifestDocument> read)
    {
        try
        {
            using var json = JsonDocument.Parse(content, s_strict);
            return read(json.RootElement);
        }
        catch (Exception e) when (
            e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new ImageException(
                ImageErrorKind.Invalid, "manifest is no valid JSON document of its kind: " + e.Message, e);
        }
    }

    private static ManifestDocument Document(JsonElement root, string contentType)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw ImageException.Invalid("manifest is refused: it is no JSON object");
        if (!root.TryGetProperty("schemaVersion", out var version) || version.GetInt32() != 2)
            throw ImageException.Invalid(
                "manifest is refused: only schema version 2 is supported; push the image again");
        if (root.TryGetProperty("mediaType", out var own) && own.GetString() != contentType)
            throw ImageException.Invalid(
                $"manifest is refused: it says it is {Shown(own.GetString())}, the registry says {Shown(contentType)}");
        var hasManifests = root.TryGetProperty("manifests", out var manifests);
        var hasLayers = root.TryGetProperty("layers", out var layers) | root.TryGetProperty("config", out var config)
            | root.TryGetProperty("fsLayers", out _);
        if (hasManifests && hasLayers)
            throw ImageException.Invalid("manifest is refused: it is ambiguous, with both manifests and layers");
        if (MediaTypes.IsIndex(contentType) && hasManifests)
            return Index(manifests);
        if (MediaTypes.IsManifest(contentType) && layers.ValueKind == JsonValueKind.Array
            && config.ValueKind == JsonValueKind.Object)
            return Image(config, layers);
        throw ImageException.Invalid(
            $"manifest is refused: its content does not fit its media type {Shown(contentType)}, "
            + "or that is not supported");
    }

    private static ManifestDocument.Index Index(JsonElement manifests)
    {
        if (manifests.GetArrayLength() > MaxIndexEntries)
            throw ImageException.TooLarge($"index is refused: it has more than {MaxIndexEntries} entries");
        return new ManifestDocument.Index([.. manifests.EnumerateArray().Select(m => Descriptor(m, MaxManifestBytes))]);
    }

    private static ManifestDocument.Image Image(JsonElement config, JsonElement layers)
    {
        if (layers.GetArrayLength() > MaxLayers)
            throw ImageException.TooLarge($"image is refused: it has more than {MaxLayers} layers");
        var configuration = Descriptor(config, ImageConfigParser.MaxConfigBytes);
        if (!MediaTypes.IsConfig(configuration.MediaType))
            throw ImageException.Invalid(
                $"manifest is no container image: its config is {Shown(configuration.MediaType)}");
        var all = layers.EnumerateArray().Select(l => Descriptor(l, MaxBlobBytes)).ToList();
        var strange = all.Find(l => !MediaTypes.IsLayer(l.MediaType));
        return strange is null
            ? new ManifestDocument.Image(configuration, all)
            : throw ImageException.Invalid(
                $"image is refused: layers of type {Shown(strange.MediaType)} are not supported");
    }

    private static Descriptor Descriptor(JsonElement element, long maxBytes)
    {
        if (element.TryGetProperty("urls", out var urls) && urls.ValueKind == JsonValueKind.Array
            && urls.GetArrayLength() > 0)
            throw ImageException.Invalid("image is refused: it wants parts from foreign addresses (urls)");
        if (!ImageDigest.TryParse(element.GetProperty("digest").GetString(), out var digest))
            throw ImageException.Invalid("manifest is refused: it has a digest that is not sha256");
        var size = element.GetProperty("size").GetInt64();
        if (size < 0 || size > maxBytes)
            throw ImageException.TooLarge(
                $"image is refused: {digest} of {size} bytes; at most {maxBytes} are accepted");
        return new Descriptor(Text(element, "mediaType"), digest, size, Platform(element));
    }

    private static ImagePlatform? Platform(JsonElement element) =>
        element.TryGetProperty("platform", out var p) && p.ValueKind == JsonValueKind.Object
            ? new ImagePlatform(Shown(Text(p, "os")), Shown(Text(p, "architecture")), Shown(Text(p, "variant")))
            : null;

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    private static string Shown(string? text) => NativeName.Show(NativeName.Of(text ?? "nothing"));
}
