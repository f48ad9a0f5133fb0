namespace Swarm.Runtime.Images;

/// <summary>
/// Media types of the documents that are understood (OCI image specification; Docker image manifest V2, schema 2).
/// </summary>
internal static class MediaTypes
{
    internal const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    internal const string OciIndex = "application/vnd.oci.image.index.v1+json";
    internal const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    internal const string DockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
    private const string OciConfig = "application/vnd.oci.image.config.v1+json";
    private const string DockerConfig = "application/vnd.docker.container.image.v1+json";

    internal static readonly string[] Accepted = [OciManifest, OciIndex, DockerManifest, DockerIndex];

    private static readonly HashSet<string> s_layers =
    [
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.diff.tar.zstd",
    ];

    internal static bool IsIndex(string type) => type is OciIndex or DockerIndex;

    internal static bool IsManifest(string type) => type is OciManifest or DockerManifest;

    internal static bool IsConfig(string type) => type is OciConfig or DockerConfig;

    internal static bool IsLayer(string type) => s_layers.Contains(type);
}
