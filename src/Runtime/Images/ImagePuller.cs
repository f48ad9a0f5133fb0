namespace Swarm.Runtime.Images;

/// <summary>A pulled image and the digests (hex) of everything it needs.</summary>
internal sealed record PulledImage(LocalImage Image, IReadOnlyList<string> NeededHex);

/// <summary>
/// From a pinned reference to a complete image: manifest, platform choice, config, layers. Disk before network.
/// </summary>
internal sealed class ImagePuller(RegistryClient registry, BlobStore blobs, LayerStore layers)
{
    /// <summary>An index may refer to indexes; real ones do not go deeper.</summary>
    internal const int MaxIndexDepth = 3;

    /// <exception cref="ImageException">A part is missing, damaged or refused.</exception>
    internal async Task<PulledImage> PullAsync(ImageReference pinned, PullMeter meter, CancellationToken ct)
    {
        var needed = new List<string>();
        var manifest = await FindImageAsync(pinned, needed, ct).ConfigureAwait(false);
        var config = await ConfigAsync(pinned, manifest, needed, ct).ConfigureAwait(false);
        if (config.DiffIds.Count != manifest.Layers.Count)
            throw ImageException.Invalid(
                $"{pinned} is refused: {manifest.Layers.Count} layers, {config.DiffIds.Count} diff ids in its config");
        meter.Expect(manifest.Layers.Count);
        await LayersAsync(pinned, manifest, config, meter, ct).ConfigureAwait(false);
        needed.AddRange(config.DiffIds.Select(d => d.Hex));
        return new PulledImage(Image(pinned, config), needed);
    }

    private async Task<ManifestDocument.Image> FindImageAsync(
        ImageReference pinned, List<string> needed, CancellationToken ct)
    {
        var at = pinned;
        for (var depth = 0; depth <= MaxIndexDepth; depth++)
        {
            needed.Add(at.Digest!.Value.Hex);
            var document = await ManifestAsync(at, ct).ConfigureAwait(false);
            if (document is ManifestDocument.Image image)
                return image;
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
        ImageReference pinned, ManifestDocument.Image manifest, List<string> needed, CancellationToken ct)
    {
        needed.Add(manifest.Config.Digest.Hex);
        if (blobs.TryRead(manifest.Config.Digest) is { } here)
            return ImageConfigParser.Parse(here);
        var bytes = await registry.FetchSmallBlobAsync(pinned, manifest.Config, ct).ConfigureAwait(false);
        var config = ImageConfigParser.Parse(bytes);
        blobs.Write(manifest.Config.Digest, bytes);
        return config;
    }

    /// <summary>All layers side by side (the store bounds how many); the first failure stops the others.</summary>
    private async Task LayersAsync(
        ImageReference pinned,
        ManifestDocument.Image manifest,
        ImageConfig config,
        PullMeter meter,
        CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var all = manifest.Layers.Zip(config.DiffIds)
            .Select(l => layers.EnsureAsync(pinned, l.First, l.Second, meter, stop.Token)).ToList();
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

    private LocalImage Image(ImageReference pinned, ImageConfig config)
    {
        // Overlayfs takes no directory twice; of equal layers the topmost has everything that the lower ones have.
        var distinct = config.DiffIds.Reverse().Distinct().Reverse().ToList();
        return new LocalImage(
            pinned.Digest!.Value, config, [.. distinct.Select(d => LayerStore.DiffOf(layers.DirectoryOf(d)))])
        {
            DirectoryFixes = DirectoryFixes.Find(
                [.. distinct.Select(d => (LayerStore.DiffOf(layers.DirectoryOf(d)), layers.ImplicitDirectories(d)))]),
        };
    }
}
