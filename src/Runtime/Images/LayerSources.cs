using System.Text.Json;

namespace Swarm.Runtime.Images;

/// <summary>
/// Manifests and layer archives of images that are here, for those who give them away. A pulled layer's archive is not
/// kept: it is fetched again from where the image came from.
/// </summary>
internal sealed class LayerSources(StoreParts parts)
{
    /// <exception cref="ImageException">The manifest is damaged on this disk.</exception>
    internal (ManifestDocument.Image Manifest, byte[] Bytes) Manifest(StoredImage image) =>
        parts.Blobs.TryRead(image.Manifest) is { } bytes
            && ManifestParser.ParseStored(bytes) is ManifestDocument.Image manifest
            ? (manifest, bytes)
            : throw ImageException.Corrupt(
                $"the manifest of image {image.ShortId} is damaged on this disk: remove the image and pull it again");

    /// <summary>What the document says it is, else what OCI documents without that are.</summary>
    internal static string MediaTypeOf(byte[] manifest)
    {
        using var json = JsonDocument.Parse(manifest);
        return json.RootElement.TryGetProperty("mediaType", out var type) && type.GetString() is { Length: > 0 } own
            ? own
            : MediaTypes.OciManifest;
    }

    /// <summary>The archive of a layer; the caller disposes it.</summary>
    /// <exception cref="ImageException">It is nowhere to be had.</exception>
    internal async Task<LayerArchive> GetAsync(
        StoredImage image, Descriptor layer, ImageDigest diffId, CancellationToken ct)
    {
        if (parts.Blobs.Has(layer.Digest))
            return new LayerArchive(parts.Blobs.PathOf(layer.Digest), IsTemporary: false);
        ImageException? last = null;
        foreach (var source in image.Digests.Select(ImageReference.Parse))
        {
            try
            {
                return await parts.Downloads
                    .FetchAsync(source, layer, Purpose(diffId), new LayerMeter(layer.Size), ct).ConfigureAwait(false);
            }
            catch (ImageException e)
            {
                last = e;
            }
        }

        throw new ImageException(
            last?.Kind ?? ImageErrorKind.NotFound,
            $"layer {layer.Digest} of image {image.ShortId} is unpacked here, its archive has to come from its "
            + $"registry again: {last?.Message ?? "it is in none"}",
            last);
    }

    /// <summary>Not the name that a pull of the same layer uses: each deletes its own file.</summary>
    private static string Purpose(ImageDigest diffId) =>
        ImageDigest.Of(System.Text.Encoding.ASCII.GetBytes(diffId.Hex + Guid.NewGuid().ToString("N"))).Hex;
}
