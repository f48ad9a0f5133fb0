using System.Text.Json;

namespace Swarm.Runtime.Images;

/// <summary>
/// Unpacked layers by the digest of their uncompressed archive (diff id), shared by all images that have them:
/// <c>layers/&lt;hex&gt;/diff</c> and <c>layer.json</c>. A layer directory is there completely or not at all.
/// </summary>
internal sealed class LayerStore : IAsyncDisposable
{
    /// <summary>Layers that are downloaded and unpacked at the same time, over all images.</summary>
    internal const int MaxParallelLayers = 3;

    private const int DownloadAttempts = 3;
    private const int FirstRetryDelayMs = 300;
    private const string Description = "layer.json";
    private readonly string _directory;
    private readonly string _temporary;
    private readonly RegistryClient _registry;
    private readonly LayerLimits _limits;
    private readonly Action<string> _log;
    private readonly SemaphoreSlim _slots = new(MaxParallelLayers);
    private readonly SingleFlight<bool> _flights = new();

    internal LayerStore(string store, string temporary, RegistryClient registry, LayerLimits limits, Action<string> log)
    {
        _directory = Path.Combine(store, "layers");
        _temporary = temporary;
        _registry = registry;
        _limits = limits;
        _log = log;
        StoreFiles.MakePrivateDirectory(_directory);
    }

    public async ValueTask DisposeAsync()
    {
        await _flights.StopAsync().ConfigureAwait(false);
        _slots.Dispose();
    }

    internal static string DiffOf(string layer) => Path.Combine(layer, "diff");

    internal string DirectoryOf(ImageDigest diffId) => Path.Combine(_directory, diffId.Hex);

    internal bool Has(ImageDigest diffId) => File.Exists(Path.Combine(DirectoryOf(diffId), Description));

    internal IReadOnlyList<string> ImplicitDirectories(ImageDigest diffId) =>
        JsonSerializer.Deserialize<string[]>(File.ReadAllBytes(Path.Combine(DirectoryOf(diffId), Description))) ?? [];

    /// <summary>Makes the layer present, from the registry when it is not.</summary>
    internal async Task EnsureAsync(
        ImageReference image, Descriptor blob, ImageDigest diffId, PullMeter meter, CancellationToken ct)
    {
        if (!Has(diffId))
        {
            meter.ExpectBytes(blob.Size);
            await _flights.RunAsync(
                diffId, (_, cancel) => PullAsync(image, blob, diffId, meter, cancel), progress: null, ct)
                .ConfigureAwait(false);
        }

        meter.LayerDone();
    }

    internal IEnumerable<string> AllHex() =>
        Directory.EnumerateDirectories(_directory).Select(p => Path.GetFileName(p));

    /// <summary>Deletes a layer; the rename first, so that a crash leaves no half of it.</summary>
    internal void Delete(string hex)
    {
        var grave = Path.Combine(_temporary, Path.GetRandomFileName());
        StoreFiles.MoveDurably(Path.Combine(_directory, hex), grave);
        TreeRemover.Remove(grave);
    }

    private async Task<bool> PullAsync(
        ImageReference image, Descriptor blob, ImageDigest diffId, PullMeter meter, CancellationToken ct)
    {
        await _slots.WaitAsync(ct).ConfigureAwait(false);
        // Not synced: a download that a crash interrupts is thrown away, only the unpacked layer must last.
        var file = Path.Combine(_temporary, Path.GetRandomFileName());
        var work = Path.Combine(_temporary, Path.GetRandomFileName());
        try
        {
            if (Has(diffId))
                return true;
            await DownloadAsync(image, blob, file, meter, ct).ConfigureAwait(false);
            Unpack(image, file, work, diffId, ct);
            return true;
        }
        finally
        {
            File.Delete(file);
            TreeRemover.Remove(work);
            _slots.Release();
        }
    }

    private void Unpack(ImageReference image, string file, string work, ImageDigest diffId, CancellationToken ct)
    {
        StoreFiles.MakePrivateDirectory(work);
        Directory.CreateDirectory(DiffOf(work));
        var layer = LayerExtractor.Extract(file, DiffOf(work), _limits, ct);
        if (layer.DiffId != diffId)
            throw ImageException.Corrupt(
                $"layer of {image} is refused: it unpacks to {layer.DiffId}, the config promises {diffId}");
        foreach (var note in layer.Notes)
        {
            _log($"{image}: {note}");
        }

        StoreFiles.WriteDurably(
            Path.Combine(work, Description),
            JsonSerializer.SerializeToUtf8Bytes(layer.ImplicitDirectories),
            _temporary);
        StoreFiles.MoveDurably(work, DirectoryOf(diffId));
    }

    private async Task DownloadAsync(
        ImageReference image, Descriptor blob, string path, PullMeter meter, CancellationToken ct)
    {
        using var file = StoreFiles.Create(path);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await _registry.DownloadAsync(image, blob, file, meter, ct).ConfigureAwait(false);
                return;
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.Unreachable && attempt < DownloadAttempts)
            {
                _log($"{image}: {e.Message}; trying again");
                await Task.Delay(FirstRetryDelayMs << (2 * (attempt - 1)), ct).ConfigureAwait(false);
            }
        }
    }
}
