using System.Collections.Concurrent;

namespace Swarm.Runtime.Images;

/// <summary>
/// The images of this machine. Content-addressed: what is here under a digest is what that digest says, and is
/// complete. All members may be used from many threads at once.
/// </summary>
public sealed class ImageStore : IAsyncDisposable
{
    private readonly RegistryClient _registry;
    private readonly LayerStore _layers;
    private readonly ImagePuller _puller;
    private readonly ImageRecords _records;
    private readonly SingleFlight<LocalImage> _flights = new();
    private readonly ConcurrentDictionary<ImageDigest, LocalImage> _complete = new();
    private readonly BlobStore _blobs;

    private ImageStore(string directory, RegistryClient registry, LayerLimits limits, Action<string> log)
    {
        var temporary = Path.Combine(directory, "tmp");
        StoreFiles.MakePrivateDirectory(directory);
        // What a crash left half done.
        TreeRemover.Remove(temporary);
        StoreFiles.MakePrivateDirectory(temporary);
        _registry = registry;
        _blobs = new BlobStore(directory, temporary);
        _layers = new LayerStore(directory, temporary, registry, limits, log);
        _records = new ImageRecords(directory, temporary);
        _puller = new ImagePuller(registry, _blobs, _layers);
    }

    /// <summary>Number of complete images.</summary>
    public int Count => _records.Count;

    /// <summary>Opens (or makes) the store in a directory that only one process uses.</summary>
    /// <param name="directory">Absolute path; made with mode 0700.</param>
    /// <param name="options">How registries are spoken to.</param>
    /// <param name="log">Takes notes for the daemon's log.</param>
    /// <exception cref="IOException">The directory cannot be used.</exception>
    public static ImageStore Open(string directory, RegistryOptions options, Action<string> log) =>
        Open(directory, options, new LayerLimits(), log);

    internal static ImageStore Open(
        string directory, RegistryOptions options, LayerLimits limits, Action<string> log) =>
        new(directory, new RegistryClient(options), limits, log);

    /// <summary>Asks the registry which digest a tag has now.</summary>
    /// <exception cref="ImageException">The registry has it not, cannot be reached, or answers with what is
    /// refused.</exception>
    public Task<ResolvedImage> ResolveAsync(ImageReference reference, CancellationToken ct) =>
        _registry.ResolveAsync(reference, ct);

    /// <summary>
    /// The image of a pinned reference, pulled unless it is here already (then without any network). However many ask
    /// at once, each layer is downloaded and unpacked once.
    /// </summary>
    /// <exception cref="ImageException">It cannot be had; or the reference is not pinned.</exception>
    /// <exception cref="IOException">The disk is full or broken.</exception>
    public async Task<LocalImage> EnsureAsync(
        ImageReference pinned, IProgress<PullProgress>? progress, CancellationToken ct)
    {
        if (pinned.Digest is not { } digest)
            throw ImageException.Invalid(
                $"{pinned} has no digest: resolve it first, so that all tasks get the same image");
        if (_complete.TryGetValue(digest, out var known))
            return known;
        return await _flights.RunAsync(
            digest, (meter, cancel) => PullAsync(pinned, digest, meter, cancel), progress, ct).ConfigureAwait(false);
    }

    /// <summary>
    /// Keeps the image until <see cref="Release"/>, also over a restart. The holder is a task id or another word of
    /// letters, digits, '-', '_' and '.'; a holder has one image.
    /// </summary>
    public void Lease(string holder, LocalImage image) => _records.Lease(holder, image.Digest);

    /// <summary>Gives the holder's image free; nothing happens when it has none.</summary>
    public void Release(string holder) => _records.Release(holder);

    /// <summary>
    /// Deletes the images that nobody has leased, and the layers that no other image needs. Must not be called while
    /// images are being pulled or mounted without a lease. Returns the number of images deleted.
    /// </summary>
    public int RemoveUnleased()
    {
        var removed = _records.RemoveUnleased();
        foreach (var digest in removed)
        {
            _complete.TryRemove(digest, out _);
        }

        var keep = _records.NeededHex();
        foreach (var hex in _layers.AllHex().Where(h => !keep.Contains(h)).ToList())
        {
            _layers.Delete(hex);
        }

        foreach (var hex in _blobs.AllHex().Where(h => !keep.Contains(h)).ToList())
        {
            _blobs.Delete(hex);
        }

        return removed.Count;
    }

    /// <summary>Breaks off what is being pulled and closes the connections; complete images stay.</summary>
    public async ValueTask DisposeAsync()
    {
        await _flights.StopAsync().ConfigureAwait(false);
        await _layers.DisposeAsync().ConfigureAwait(false);
        _registry.Dispose();
    }

    private async Task<LocalImage> PullAsync(
        ImageReference pinned, ImageDigest digest, PullMeter meter, CancellationToken ct)
    {
        var pulled = await _puller.PullAsync(pinned, meter, ct).ConfigureAwait(false);
        _records.Add(digest, new ImageRecord(pinned.ToString(), pulled.NeededHex));
        _complete[digest] = pulled.Image;
        return pulled.Image;
    }
}
