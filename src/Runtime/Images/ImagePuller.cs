namespace Swarm.Runtime.Images;

/// <summary>A complete image and the record of everything it needs.</summary>
internal sealed record PulledImage(LocalImage Image, ImageRecord Record);

/// <summary>
/// From a pinned reference to a complete image: manifest, platform choice, config, layers. Disk before network.
/// </summary>
internal sealed class ImagePuller(
    RegistryClient registry, BlobStore blobs, LayerStore layers, LayerDownloads downloads)
{
    /// <summary>An index may refer to indexes; real ones do not go deeper.</summary>
    internal const int MaxIndexDepth = 3;

    /// <param name="pinned">With a digest.</param>
    /// <param name="meter">Told how far it is.</param>
    /// <param name="pin">Gets everything that the image needs, before it is looked for.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ImageException">A part is missing, damaged or refused.</exception>
    internal async Task<PulledImage> PullAsync(
        ImageReference pinned, PullMeter meter, StorePins.Pin pin, CancellationToken ct)
    {
        var needed = new List<string>();
        var (manifest, digest) = await FindImageAsync(pinned, needed, pin, ct).ConfigureAwait(false);
        pin.Add([manifest.Config.Digest.Hex]);
        var config = await ConfigAsync(pinned, manifest, ct).ConfigureAwait(false);
        if (config.DiffIds.Count != manifest.Layers.Count)
            throw ImageException.Invalid(
                $"{pinned} is refused: {manifest.Layers.Count} layers, {config.DiffIds.Count} diff ids in its config");
        pin.Add(config.DiffIds.Select(d => d.Hex));
        meter.Expect(manifest.Layers);
        await LayersAsync(pinned, manifest, config, meter, ct).ConfigureAwait(false);
        needed.Add(manifest.Config.Digest.Hex);
        needed.AddRange(config.DiffIds.Select(d => d.Hex).Distinct());
        return new PulledImage(
            Image(pinned, config),
            new ImageRecord(manifest.Config.Digest.Hex, digest.Hex, needed));
    }

    private async Task<(ManifestDocument.Image Manifest, ImageDigest Digest)> FindImageAsync(
        ImageReference pinned, List<string> needed, StorePins.Pin pin, CancellationToken ct)
    {
        var at = pinned;
        for (var depth = 0; depth <= MaxIndexDepth; depth++)
        {
            var digest = at.Digest!.Value;
            needed.Add(digest.Hex);
            pin.Add([digest.Hex]);
            var document = await ManifestAsync(at, ct).ConfigureAwait(false);
            if (document is ManifestDocument.Image image)
                return (image, digest);
            var chosen = PlatformChoice.Choose((ManifestDocument.Index)document, registry.Options.Architecture, pinned);
            at = pinned.Pin(chosen.Digest);
        }

        throw ImageException.Invalid($"{pinned} is refused: its index is nested deeper than {MaxIndexDepth}");
    }

    private async Task<ManifestDocument> ManifestAsync(ImageReference pinned, CancellationToken ct)
    {
        if (blobs.TryRead(pinned.Digest!.Value) is { } here)
            return ManifestParser.ParseStored(here);
        var (digest, document, bytes) = await registry.FetchManifestAsync(pinned, ct).ConfigureAwait(false);
        blobs.Write(digest, bytes);
        return document;
    }

    private async Task<ImageConfig> ConfigAsync(
        ImageReference pinned, ManifestDocument.Image manifest, CancellationToken ct)
    {
        if (blobs.TryRead(manifest.Config.Digest) is { } here)
            return ImageConfigParser.Parse(here);
        var bytes = await registry.FetchSmallBlobAsync(pinned, manifest.Config, ct).ConfigureAwait(false);
        var config = ImageConfigParser.Parse(bytes);
        blobs.Write(manifest.Config.Digest, bytes);
        return config;
    }

    /// <summary>All layers side by side (the store bounds how many); the first failure stops the others.</summary>
    private async Task LayersAsync(
        ImageReference pinned, ManifestDocument.Image manifest, ImageConfig config, PullMeter meter,
        CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var all = manifest.Layers.Zip(config.DiffIds)
            .Select(l => LayerAsync(pinned, l.First, l.Second, meter.Of(l.First), stop.Token)).ToList();
        while (all.Count > 0)
        {
            var done = await Task.WhenAny(all).ConfigureAwait(false);
            all.Remove(done);
            if (done.IsCompletedSuccessfully)
                continue;
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await done.ConfigureAwait(false);
        }
    }

    /// <summary>The archive of a loaded image is here; a registry's is downloaded.</summary>
    private Task LayerAsync(
        ImageReference pinned, Descriptor blob, ImageDigest diffId, LayerMeter meter, CancellationToken ct) =>
        layers.EnsureAsync(
            pinned.ToString(),
            diffId,
            cancel => blobs.Has(blob.Digest)
                ? Task.FromResult(new LayerArchive(blobs.PathOf(blob.Digest), IsTemporary: false))
                : downloads.FetchAsync(pinned, blob, diffId.Hex, meter, cancel),
            meter,
            ct);

    private LocalImage Image(ImageReference pinned, ImageConfig config)
    {
        // Overlayfs takes no directory twice; of equal layers the topmost has everything that the lower ones have.
        var distinct = config.DiffIds.Reverse().Distinct().Reverse().ToList();
        return new LocalImage(
            pinned.Digest!.Value, config, [.. distinct.Select(d => LayerStore.DiffOf(layers.DirectoryOf(d)))])
        {
            DirectoryFixes = DirectoryFixes.Find([.. distinct.Select(
                d => (LayerStore.DiffOf(layers.DirectoryOf(d)), layers.Describe(d).ImplicitDirectories))]),
        };
    }
}
