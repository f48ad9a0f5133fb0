using System.Collections.Concurrent;

namespace Swarm.Runtime.Images;

/// <summary>What a push is doing with a layer.</summary>
public enum PushPhase
{
    /// <summary>It waits for its turn.</summary>
    Preparing,

    /// <summary>It is on its way.</summary>
    Pushing,

    /// <summary>The registry has it now.</summary>
    Pushed,

    /// <summary>The registry had it.</summary>
    Exists,

    /// <summary>The registry took it from another of its repositories.</summary>
    Mounted,
}

/// <summary>How far one layer of a push is.</summary>
/// <param name="DiffId">The layer.</param>
/// <param name="Phase">What is being done.</param>
/// <param name="MountedFrom">With Mounted: the other repository.</param>
public sealed record PushedLayer(ImageDigest DiffId, PushPhase Phase, string MountedFrom = "");

/// <summary>What the registry has now under the tag.</summary>
/// <param name="Digest">Of the manifest.</param>
/// <param name="Tag">The tag.</param>
/// <param name="Bytes">Of the manifest.</param>
public sealed record PushedImage(ImageDigest Digest, string Tag, long Bytes);

/// <summary>Gives an image to a registry: what it lacks of layers and config, then the manifest.</summary>
internal sealed class ImagePusher(StoreParts parts, ImageInventory inventory, LayerSources sources)
{
    private const int MaxParallelLayers = 3;

    /// <exception cref="ImageException">No such tag here, or the registry does not take it.</exception>
    internal async Task<PushedImage> PushAsync(string tag, Action<PushedLayer> tell, CancellationToken ct)
    {
        var target = ImageInventory.ParseTag(tag);
        using var pin = parts.Pins.New();
        var image = Find(target);
        pin.Add(image.Records.Select(r => r.Hex));
        var (manifest, bytes) = sources.Manifest(image);
        var upload = new RegistryUpload(parts.Registry.Transport, parts.Registry.Options, target);
        var layers = manifest.Layers.Zip(image.Config.DiffIds).DistinctBy(l => l.First.Digest).ToList();
        layers.ForEach(l => tell(new PushedLayer(l.Second, PushPhase.Preparing)));
        await Parallel.ForEachAsync(
            layers,
            new ParallelOptions { MaxDegreeOfParallelism = MaxParallelLayers, CancellationToken = ct },
            async (layer, cancel) => tell(
                await LayerAsync(image, upload, target, layer.First, layer.Second, tell, cancel).ConfigureAwait(false)))
            .ConfigureAwait(false);
        await ConfigAsync(upload, manifest.Config, ct).ConfigureAwait(false);
        await upload.PutManifestAsync(bytes, LayerSources.MediaTypeOf(bytes), ct).ConfigureAwait(false);
        // An image that came by an index has no record under its manifest yet.
        if ((parts.Records.Find(image.Manifest) ?? parts.Records.Find(image.Records[0])) is { } record)
            parts.Records.Add(image.Manifest, record with { Repositories = [target.FullRepository] });
        return new PushedImage(image.Manifest, target.Tag!, bytes.Length);
    }

    private StoredImage Find(ImageReference target)
    {
        try
        {
            return inventory.Get(target.ToString());
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            throw new ImageException(
                ImageErrorKind.NotFound, $"An image does not exist locally with the tag: {target}", e);
        }
    }

    private async Task<PushedLayer> LayerAsync(
        StoredImage image, RegistryUpload upload, ImageReference target, Descriptor layer, ImageDigest diffId,
        Action<PushedLayer> tell, CancellationToken ct)
    {
        if (await upload.HasAsync(layer.Digest, ct).ConfigureAwait(false))
            return new PushedLayer(diffId, PushPhase.Exists);
        tell(new PushedLayer(diffId, PushPhase.Pushing));
        var from = image.Digests.Select(ImageReference.Parse)
            .FirstOrDefault(d => d.Host == target.Host && d.Repository != target.Repository)?.Repository;
        if (from is not null && await upload.BeginAsync(layer.Digest, from, ct).ConfigureAwait(false) is null)
            return new PushedLayer(diffId, PushPhase.Mounted, from);
        using var archive = await sources.GetAsync(image, layer, diffId, ct).ConfigureAwait(false);
        await upload.SendAsync(layer.Digest, archive.Path, layer.Size, from: null, ct).ConfigureAwait(false);
        return new PushedLayer(diffId, PushPhase.Pushed);
    }

    private async Task ConfigAsync(RegistryUpload upload, Descriptor config, CancellationToken ct)
    {
        if (!await upload.HasAsync(config.Digest, ct).ConfigureAwait(false))
            await upload.SendAsync(config.Digest, parts.Blobs.PathOf(config.Digest), config.Size, from: null, ct)
                .ConfigureAwait(false);
    }
}
