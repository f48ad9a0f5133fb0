namespace Swarm.Runtime.Images;

/// <summary>What extraction learned about a layer beside its files.</summary>
/// <param name="DiffId">Digest of the uncompressed archive.</param>
/// <param name="ImplicitDirectories">Paths (one character per byte) of directories without an entry of their
/// own.</param>
/// <param name="Bytes">Content of its files together.</param>
/// <param name="Notes">What was left out, at most <see cref="LayerExtractor.MaxNotes"/> lines.</param>
internal sealed record ExtractedLayer(
    ImageDigest DiffId, IReadOnlyList<string> ImplicitDirectories, long Bytes, IReadOnlyList<string> Notes);

/// <summary>Unpacks one layer into a directory in the form that overlayfs reads.</summary>
internal static class LayerExtractor
{
    internal const int MaxNotes = 20;

    /// <summary>Beyond this number the metadata of the layers below are not looked up for them.</summary>
    internal const int MaxImplicitDirectories = 10_000;

    /// <summary>
    /// Unpacks the blob (plain, gzip or zstd tar) into the empty directory. On any failure the directory has rubbish
    /// in it: the caller throws it away. Nothing outside the directory is ever touched.
    /// </summary>
    /// <exception cref="ImageException">The layer is damaged, hostile or too large.</exception>
    internal static ExtractedLayer Extract(string blob, string directory, LayerLimits limits, CancellationToken ct)
    {
        var notes = new List<string>();
        using var stream = new LayerStream(blob, limits, ct);
        using var root = ImageNative.OpenDirectory(directory);
        using var tree = new LayerTree(root);
        var tar = new TarReader(stream);
        var writer = new LayerEntryWriter(tree, tar, note =>
        {
            if (notes.Count < MaxNotes)
                notes.Add(note);
        });
        var entries = 0;
        var bytes = 0L;
        while (tar.Next() is { } entry)
        {
            if (++entries > limits.MaxEntries)
                throw ImageException.TooLarge($"layer has more than {limits.MaxEntries} entries");
            bytes += entry.Size;
            writer.Write(entry);
        }

        var diffId = stream.Finish();
        tree.ApplyDirectoryTimes();
        ImageNative.SyncWholeFileSystem(root);
        return new ExtractedLayer(diffId, [.. tree.ImplicitDirectories.Take(MaxImplicitDirectories)], bytes, notes);
    }
}
