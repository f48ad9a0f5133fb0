namespace Swarm.Runtime.Images;

/// <summary>An image that is complete on this machine.</summary>
/// <param name="Digest">Digest that it was asked by (of the manifest or of an index above it).</param>
/// <param name="Config">What it says about running it.</param>
/// <param name="LayerDirectories">Overlay directories, the lowest first; none twice.</param>
public sealed record LocalImage(ImageDigest Digest, ImageConfig Config, IReadOnlyList<string> LayerDirectories)
{
    /// <summary>Directories whose owner and mode the topmost layer that has them does not know.</summary>
    internal IReadOnlyList<DirectoryFix> DirectoryFixes { get; init; } = [];
}

/// <summary>
/// What a directory of the merged tree must look like. The path has one character per byte; "" is the root.
/// </summary>
internal sealed record DirectoryFix(
    string Path, uint Mode, uint Uid, uint Gid, long MtimeSeconds, uint MtimeNanoseconds)
{
    /// <summary>Its user.* attributes.</summary>
    internal IReadOnlyList<FileAttribute> Attributes { get; init; } = [];
}
