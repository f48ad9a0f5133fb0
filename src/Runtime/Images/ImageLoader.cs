namespace Swarm.Runtime.Images;

/// <summary>
/// Images from files: OCI layouts and docker's archives (docker save, old and new). Every blob is checked against its
/// digest, and every layer against its diff id, as if a registry had sent it. The archives of the layers are kept:
/// nobody else has them.
/// </summary>
internal sealed class ImageLoader(StoreParts parts, ImagePuller puller)
{
    private const int MaxImages = 1000;
    private const string OciIndex = "index.json";
    private const string DockerManifest = "manifest.json";

    /// <summary>What was loaded: tags, or the ids of images without one.</summary>
    internal async Task<IReadOnlyList<string>> LoadAsync(Stream archive, CancellationToken ct)
    {
        var file = parts.NewTemporary();
        var directory = parts.NewTemporary();
        using var pin = parts.Pins.New();
        try
        {
            Uploads.Save(archive, file, parts.Limits.MaxUncompressedBytes, ct);
            StoreFiles.MakePrivateDirectory(directory);
            var contents = ArchiveContents.Read(file, directory, parts.Limits, ct);
            File.Delete(file);
            var loaded = new List<string>();
            foreach (var (digest, tags) in Images(contents, pin))
            {
                loaded.AddRange(await AddAsync(contents, digest, tags, pin, ct).ConfigureAwait(false));
            }

            return loaded;
        }
        finally
        {
            File.Delete(file);
            TreeRemover.Remove(directory);
            pin.Dispose();
            // What a refused archive left.
            parts.Sweeper.Sweep(() => []);
        }
    }

    /// <summary>Completes an image whose manifest, config and layer archives are among the blobs.</summary>
    internal async Task<ImageRecord> CompleteAsync(
        ImageDigest digest, IEnumerable<ImageDigest> archives, CancellationToken ct)
    {
        using var pin = parts.Pins.New();
        var pinned = ImageReference.Parse($"{ImageInventory.NoRegistry}/image@{digest}");
        var pulled = await puller.PullAsync(pinned, new PullMeter(), pin, ct).ConfigureAwait(false);
        var now = DateTimeOffset.UtcNow;
        var record = pulled.Record with
        {
            Needs = [.. pulled.Record.Needs.Union(archives.Select(a => a.Hex))], AddedAt = now, UsedAt = now,
        };
        parts.Records.Add(digest, record);
        return record;
    }

    private List<(ImageDigest Digest, IReadOnlyList<ImageReference> Tags)> Images(
        ArchiveContents contents, StorePins.Pin pin)
    {
        var images = contents.Has(OciIndex)
            ? LayoutIndex.Read(contents.Document(OciIndex))
            : contents.Has(DockerManifest)
                ? DockerArchive.Read(contents, parts, pin)
                : throw ImageException.Invalid(
                    "archive is refused: it has neither index.json (OCI layout) nor manifest.json (docker save); "
                    + "a root file system is for 'image import'");
        return images.Count <= MaxImages
            ? images
            : throw ImageException.TooLarge($"archive is refused: it has more than {MaxImages} images");
    }

    private async Task<IReadOnlyList<string>> AddAsync(
        ArchiveContents contents, ImageDigest digest, IReadOnlyList<ImageReference> tags, StorePins.Pin pin,
        CancellationToken ct)
    {
        var archives = Adopt(contents, digest, pin);
        var record = await CompleteAsync(digest, archives, ct).ConfigureAwait(false);
        foreach (var tag in tags)
        {
            parts.Names.Set(tag, digest);
        }

        return tags.Count > 0 ? [.. tags.Select(t => t.ToString())] : [record.Id.ToString()];
    }

    /// <summary>Brings what the image for this platform needs from the archive among the blobs.</summary>
    private List<ImageDigest> Adopt(ArchiveContents contents, ImageDigest digest, StorePins.Pin pin)
    {
        for (var depth = 0; depth <= ImagePuller.MaxIndexDepth; depth++)
        {
            var document = ManifestParser.ParseStored(Blob(contents, digest, pin));
            if (document is ManifestDocument.Image image)
            {
                Blob(contents, image.Config.Digest, pin);
                foreach (var layer in image.Layers)
                {
                    Take(contents, layer.Digest, pin);
                }

                return [.. image.Layers.Select(l => l.Digest).Distinct()];
            }

            digest = PlatformChoice.Choose(
                (ManifestDocument.Index)document, parts.Registry.Options.Architecture,
                ImageReference.Parse($"{ImageInventory.NoRegistry}/archive@{digest}")).Digest;
        }

        throw ImageException.Invalid(
            $"archive is refused: its index is nested deeper than {ImagePuller.MaxIndexDepth}");
    }

    private byte[] Blob(ArchiveContents contents, ImageDigest digest, StorePins.Pin pin)
    {
        Take(contents, digest, pin);
        return new FileInfo(parts.Blobs.PathOf(digest)).Length <= ManifestParser.MaxManifestBytes
            && parts.Blobs.TryRead(digest) is { } bytes
            ? bytes
            : throw ImageException.Corrupt($"archive is refused: {digest} is too large or damaged");
    }

    private void Take(ArchiveContents contents, ImageDigest digest, StorePins.Pin pin)
    {
        pin.Add([digest.Hex]);
        if (parts.Blobs.Has(digest))
            return;
        var file = contents.Get($"blobs/sha256/{digest.Hex}");
        if (file.Digest != digest)
            throw ImageException.Corrupt($"archive is refused: blob {digest} has the content of {file.Digest}");
        parts.Blobs.Adopt(digest, file.Path);
    }
}
