namespace Swarm.Runtime.Images;

/// <summary>
/// Manifests, indexes, configs and the archives of layers that came from files, by their digest, in
/// <c>blobs/sha256</c>. Written to a temporary name, synced, renamed; small ones are checked against the digest each
/// time they are read.
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

    internal string PathOf(ImageDigest digest) => Path.Combine(_directory, digest.Hex);

    internal bool Has(ImageDigest digest) => File.Exists(PathOf(digest));

    /// <summary>
    /// The verified content, or null when it is not here (or was damaged on the disk: then it is fetched again).
    /// </summary>
    internal byte[]? TryRead(ImageDigest digest)
    {
        if (!Has(digest))
            return null;
        var bytes = File.ReadAllBytes(PathOf(digest));
        return ImageDigest.Of(bytes) == digest ? bytes : null;
    }

    internal void Write(ImageDigest digest, byte[] content) =>
        StoreFiles.WriteDurably(PathOf(digest), content, _temporary);

    /// <summary>Takes a finished, verified file of the same file system over.</summary>
    internal void Adopt(ImageDigest digest, string file)
    {
        using (var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite))
            ImageNative.Sync(handle, file);
        StoreFiles.MoveDurably(file, PathOf(digest));
    }

    internal IEnumerable<string> AllHex() => Directory.EnumerateFiles(_directory).Select(p => Path.GetFileName(p));

    /// <summary>Deletes it and tells how many bytes it had.</summary>
    internal long Delete(string hex)
    {
        var file = new FileInfo(Path.Combine(_directory, hex));
        var bytes = file.Length;
        file.Delete();
        return bytes;
    }
}
