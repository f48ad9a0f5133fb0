using System.Collections.Concurrent;

namespace Swarm.Runtime.Images;

/// <summary>
/// The images of this machine. Content-addressed: what is here under a digest is what that digest says, and is
/// complete. All members may be used from many threads at once.
/// </summary>
public sealed class ImageStore : IAsyncDisposable
{
    private readonly StoreParts _parts;
    private readonly ImagePuller _puller;
    // Not by digest alone: what one was refused says nothing of another with other credentials.
    private readonly SingleFlight<(ImageDigest, RegistryCredentials?), LocalImage> _flights = new();
    private readonly ConcurrentDictionary<ImageDigest, LocalImage> _complete = new();

    private ImageStore(StoreParts parts, ImageDiskLimits disk)
    {
        _parts = parts;
        _puller = new ImagePuller(parts.Registry, parts.Blobs, parts.Layers, parts.Downloads);
        Inventory = new ImageInventory(parts);
        Files = new ImageFiles(parts, _puller, Inventory);
        parts.Room = new DiskRoom(parts, Inventory, disk);
    }

    /// <summary>Number of complete images.</summary>
    public int Count => _parts.Records.Count;

    /// <summary>Where it is on the disk.</summary>
    public string Directory => _parts.Directory;

    /// <summary>Where the unpacked layers are.</summary>
    public string LayerDirectory => _parts.Layers.Root;

    /// <summary>Lists, tags and removes what is here.</summary>
    public ImageInventory Inventory { get; }

    /// <summary>Images from and to files, and to registries.</summary>
    public ImageFiles Files { get; }

    /// <summary>The registries, as this store asks them.</summary>
    public RegistryClient Registry => _parts.Registry;

    /// <summary>Opens (or makes) the store in a directory that only one process uses.</summary>
    /// <param name="directory">Absolute path; made with mode 0700.</param>
    /// <param name="options">How registries are spoken to.</param>
    /// <param name="log">Takes notes for the daemon's log.</param>
    /// <exception cref="IOException">The directory cannot be used.</exception>
    public static ImageStore Open(string directory, RegistryOptions options, Action<string> log) =>
        Open(directory, options, new LayerLimits(), log);

    /// <summary>As above, with limits for the disk.</summary>
    public static ImageStore Open(
        string directory, RegistryOptions options, ImageDiskLimits disk, Action<string> log) =>
        new(new StoreParts(directory, options, new LayerLimits(), log), disk);

    internal static ImageStore Open(
        string directory, RegistryOptions options, LayerLimits limits, Action<string> log) =>
        new(new StoreParts(directory, options, limits, log), new ImageDiskLimits());

    /// <summary>What is wrong with the disk, in one line; empty when nothing is.</summary>
    public string Alarm => _parts.Room!.Alarm;

    /// <summary>
    /// Removes what only tasks brought and none needs, the least recently used first, until the disk limits are kept.
    /// To be called every few minutes.
    /// </summary>
    /// <exception cref="IOException">The disk is broken.</exception>
    public void Collect() => _parts.Room!.Collect();

    /// <summary>Asks the registry which digest a tag has now.</summary>
    /// <exception cref="ImageException">The registry has it not, cannot be reached, or answers with what is
    /// refused.</exception>
    public Task<ResolvedImage> ResolveAsync(ImageReference reference, CancellationToken ct) =>
        _parts.Registry.ResolveAsync(reference, ct);

    /// <summary>
    /// The image of a pinned reference, pulled unless it is here already (then without any network). However many ask
    /// at once, each layer is downloaded and unpacked once. Nobody holds it afterwards: see
    /// <see cref="AcquireAsync"/>.
    /// </summary>
    /// <exception cref="ImageException">It cannot be had; or the reference is not pinned.</exception>
    /// <exception cref="IOException">The disk is full or broken.</exception>
    public async Task<LocalImage> EnsureAsync(
        ImageReference pinned, IProgress<PullProgress>? progress, CancellationToken ct)
    {
        if (pinned.Digest is not { } digest)
            throw ImageException.Invalid(
                $"{pinned} has no digest: resolve it first, so that all tasks get the same image");
        using var pin = _parts.Pins.New();
        pin.Add([digest.Hex]);
        if (_parts.Records.Find(digest) is { } record && _complete.TryGetValue(digest, out var known))
        {
            // Another tag or registry for the same bytes is something new to know.
            if (!record.Repositories.Contains(pinned.FullRepository))
                _parts.Records.Add(digest, record with { Repositories = Repositories(pinned) });
            return known;
        }

        return await _flights.RunAsync(
            (digest, pinned.Credentials), (meter, cancel) => PullAsync(pinned, digest, meter, cancel), progress, ct)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// As <see cref="EnsureAsync"/>, and keeps the image for the holder until <see cref="Release"/>, also over a
    /// restart: it cannot be removed in between.
    /// </summary>
    /// <param name="holder">Id of the container that will run it (a task's is the task's); it has one image.</param>
    /// <param name="service">Id of the service that may be rolled back to the image; empty = none.</param>
    /// <param name="pinned">With a digest.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ImageException">It cannot be had; or the reference is not pinned.</exception>
    /// <exception cref="IOException">The disk is full or broken.</exception>
    public async Task<LocalImage> AcquireAsync(
        string holder, string service, ImageReference pinned, IProgress<PullProgress>? progress, CancellationToken ct)
    {
        using var pin = _parts.Pins.New();
        pin.Add(pinned.Digest is { } digest ? [digest.Hex] : []);
        var image = await EnsureAsync(pinned, progress, ct).ConfigureAwait(false);
        _parts.Leases.Add(holder, image.Digest);
        _parts.Records.Touch(image.Digest, DateTimeOffset.UtcNow);
        if (service.Length > 0)
            _parts.Services.Use(service, image.Digest, DateTimeOffset.UtcNow);
        return image;
    }

    /// <summary>Gives the holder's image free; nothing happens when it has none.</summary>
    public void Release(string holder) => _parts.Leases.Release(holder);

    /// <summary>
    /// At the start of the daemon: gives free what holders have that do not exist any more, for example a task whose
    /// container a crash prevented.
    /// </summary>
    /// <param name="holders">Ids of all containers of this node.</param>
    public void ReleaseAllBut(IEnumerable<string> holders)
    {
        foreach (var gone in _parts.Leases.Holders.SelectMany(h => h).Except(holders).ToList())
        {
            _parts.Leases.Release(gone);
        }
    }

    /// <summary>
    /// What a tag, id or digest means on this machine, pinned; null when there is no such image here.
    /// </summary>
    public ImageReference? FindLocal(string nameOrId) => Inventory.FindPinned(nameOrId);

    /// <summary>Breaks off what is being pulled and closes the connections; complete images stay.</summary>
    public async ValueTask DisposeAsync()
    {
        await _flights.StopAsync().ConfigureAwait(false);
        await _parts.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<LocalImage> PullAsync(
        ImageReference pinned, ImageDigest digest, PullMeter meter, CancellationToken ct)
    {
        using var pin = _parts.Pins.New();
        var pulled = await _puller.PullAsync(pinned, meter, pin, ct).ConfigureAwait(false);
        var now = DateTimeOffset.UtcNow;
        _parts.Records.Add(
            digest, pulled.Record with { Repositories = Repositories(pinned), AddedAt = now, UsedAt = now });
        _complete[digest] = pulled.Image;
        return pulled.Image;
    }

    private static string[] Repositories(ImageReference pinned) =>
        pinned.Host == ImageInventory.NoRegistry ? [] : [pinned.FullRepository];
}
