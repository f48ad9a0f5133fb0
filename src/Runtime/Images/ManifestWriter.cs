using System.Text.Json;

namespace Swarm.Runtime.Images;

/// <summary>Manifests for images that came without one.</summary>
internal static class ManifestWriter
{
    private const string ConfigType = "application/vnd.oci.image.config.v1+json";

    /// <summary>Stores config and manifest; returns the digest of the manifest.</summary>
    internal static ImageDigest Write(
        byte[] config, IReadOnlyList<LayerBlob> layers, BlobStore blobs, StorePins.Pin pin)
    {
        var configDigest = ImageDigest.Of(config);
        var manifest = JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = MediaTypes.OciManifest,
            config = new { mediaType = ConfigType, digest = configDigest.ToString(), size = config.Length },
            layers = layers.Select(l => new { mediaType = l.MediaType, digest = l.Digest.ToString(), size = l.Bytes }),
        });
        var digest = ImageDigest.Of(manifest);
        pin.Add([configDigest.Hex, digest.Hex]);
        blobs.Write(configDigest, config);
        blobs.Write(digest, manifest);
        return digest;
    }
}
