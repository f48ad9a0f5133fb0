using System.Text;
using System.Text.Json;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Tests.Images;

/// <summary>An image in memory: its blobs by digest, and its manifest.</summary>
internal sealed class TestImage
{
    internal const string OciManifest = "application/vnd.oci.image.manifest.v1+json";

    internal Dictionary<string, byte[]> Blobs { get; } = [];

    internal byte[] Manifest { get; private set; } = [];

    internal string MediaType { get; private set; } = OciManifest;

    internal string Digest => ImageDigest.Of(Manifest).ToString();

    internal static TestImage Of(params byte[][] tars) => Build(tars, TestTar.Gzip, "{}", docker: false);

    internal static TestImage Build(
        byte[][] tars, Func<byte[], byte[]> pack, string config = "{}", bool docker = false, string? wrongDiffId = null)
    {
        var image = new TestImage();
        var layers = tars.Select(pack).ToList();
        var diffIds = tars.Select(t => wrongDiffId ?? ImageDigest.Of(t).ToString());
        var document = Encoding.UTF8.GetBytes(
            "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":" + config
            + ",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":" + JsonSerializer.Serialize(diffIds) + "}}");
        image.MediaType = docker ? "application/vnd.docker.distribution.manifest.v2+json" : OciManifest;
        var layerType = docker ? "application/vnd.docker.image.rootfs.diff.tar.gzip"
            : "application/vnd.oci.image.layer.v1.tar+gzip";
        var configType = docker ? "application/vnd.docker.container.image.v1+json"
            : "application/vnd.oci.image.config.v1+json";
        image.Manifest = JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = image.MediaType,
            config = image.Add(configType, document),
            layers = layers.Select(l => image.Add(layerType, l)).ToList(),
        });
        return image;
    }

    internal static byte[] Index(params (string Architecture, string MediaType, byte[] Document)[] entries) =>
        JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = "application/vnd.oci.image.index.v1+json",
            manifests = entries.Select(e => new
            {
                mediaType = e.MediaType,
                digest = ImageDigest.Of(e.Document).ToString(),
                size = e.Document.Length,
                platform = new { os = e.Architecture == "unknown" ? "unknown"
                    : "linux", architecture = e.Architecture },
            }).ToList(),
        });

    private object Add(string type, byte[] blob)
    {
        var digest = ImageDigest.Of(blob).ToString();
        Blobs[digest] = blob;
        return new { mediaType = type, digest, size = blob.Length };
    }
}
