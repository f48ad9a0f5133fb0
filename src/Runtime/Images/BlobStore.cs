namespace Swarm.Runtime.Images;

/// <summary>
/// Manifests, indexes and configs by their digest, in <c>blobs/sha256</c>. Written to a temporary name, synced,
/// renamed; checked against the digest each time they are read.
/// </summary>
internal sealed class BlobStore
{
    private readonly string _directory;
    private readonly string _temporary;

    internal BlobStore(string store, string temporary)
    {
        _directory = Path.Combine(store, "blobs", "sha256");
        _temporary = temporary;
        StoreFiles.MakePrivateDirectory(_directory);
    }

    /// <summary>
    /// The verified content, or null when it is not here (or was damaged on the disk: then it is fetched again).
    /// </summary>
    internal byte[]? TryRead(ImageDigest digest)
    {
        var path = Path.Combine(_directory, digest.Hex);
        if (!File.Exists(path))
            return null;
        var bytes = File.ReadAllBytes(path);
        return ImageDigest.Of(bytes) == digest ? bytes : null;
    }

    internal void Write(ImageDigest digest, byte[] content) =>
        StoreFiles.WriteDurably(Path.Combine(_directory, digest.Hex), content, _temporary);

    internal IEnumerable<string> AllHex() => Directory.EnumerateFiles(_directory).Select(p => Path.GetFileName(p));

    internal void Delete(string hex) => File.Delete(Path.Combine(_directory, hex));
}
