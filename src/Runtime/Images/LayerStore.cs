using System.Text.Json;

namespace Swarm.Runtime.Images;

/// <summary>What is known of an unpacked layer.</summary>
/// <param name="ImplicitDirectories">Directories without an entry of their own.</param>
/// <param name="Bytes">Content of its files together.</param>
internal sealed record LayerDescription(IReadOnlyList<string> ImplicitDirectories, long Bytes);

/// <summary>
/// Unpacked layers by the digest of their uncompressed archive (diff id), shared by all images that have them:
/// <c>layers/&lt;hex&gt;/diff</c> and <c>layer.json</c>. A layer directory is there completely or not at all.
/// </summary>
internal sealed class LayerStore : IAsyncDisposable
{
    /// <summary>Layers that are downloaded and unpacked at the same time, over all images.</summary>
    internal const int MaxParallelLayers = 3;

    private const string Description = "layer.json";
    private readonly string _directory;
    private readonly string _temporary;
    private readonly LayerLimits _limits;
    private readonly Action<string> _log;
    private readonly SemaphoreSlim _slots = new(MaxParallelLayers);
    private readonly SingleFlight<ImageDigest, bool> _flights = new();

    internal LayerStore(string store, string temporary, LayerLimits limits, Action<string> log)
    {
        _directory = Path.Combine(store, "layers");
        _temporary = temporary;
        _limits = limits;
        _log = log;
        StoreFiles.MakePrivateDirectory(_directory);
    }

    public async ValueTask DisposeAsync()
    {
        await _flights.StopAsync().ConfigureAwait(false);
        _slots.Dispose();
    }

    internal string Root => _directory;

    internal static string DiffOf(string layer) => Path.Combine(layer, "diff");

    internal string DirectoryOf(ImageDigest diffId) => Path.Combine(_directory, diffId.Hex);

    internal bool Has(ImageDigest diffId) => File.Exists(Path.Combine(DirectoryOf(diffId), Description));

    internal LayerDescription Describe(ImageDigest diffId) =>
        JsonSerializer.Deserialize<LayerDescription>(
            File.ReadAllBytes(Path.Combine(DirectoryOf(diffId), Description)))!;

    /// <summary>
    /// Makes the layer present. Unless it is, its archive is fetched (once, however many want it, and a bounded number
    /// of layers at a time) and unpacked.
    /// </summary>
    /// <param name="image">For messages.</param>
    /// <param name="diffId">What it must unpack to.</param>
    /// <param name="fetch">Brings the verified archive; not called when the layer is here.</param>
    /// <param name="meter">Told what happens.</param>
    /// <param name="ct">Gives up.</param>
    internal async Task EnsureAsync(
        string image, ImageDigest diffId, Func<CancellationToken, Task<LayerArchive>> fetch, LayerMeter meter,
        CancellationToken ct)
    {
        if (Has(diffId))
        {
            meter.Enter(LayerPhase.Present);
            return;
        }

        await _flights.RunAsync(
            diffId, (_, cancel) => BringAsync(image, diffId, fetch, meter, cancel), progress: null, ct)
            .ConfigureAwait(false);
        meter.Enter(LayerPhase.Complete);
    }

    internal IEnumerable<string> AllHex() =>
        Directory.EnumerateDirectories(_directory).Select(p => Path.GetFileName(p));

    /// <summary>Takes a layer's name away; what is left at the returned path is to be deleted.</summary>
    internal string Bury(string hex)
    {
        var grave = Path.Combine(_temporary, Path.GetRandomFileName());
        StoreFiles.MoveDurably(Path.Combine(_directory, hex), grave);
        return grave;
    }

    private async Task<bool> BringAsync(
        string image, ImageDigest diffId, Func<CancellationToken, Task<LayerArchive>> fetch, LayerMeter meter,
        CancellationToken ct)
    {
        await _slots.WaitAsync(ct).ConfigureAwait(false);
        var work = Path.Combine(_temporary, Path.GetRandomFileName());
        try
        {
            if (Has(diffId))
                return true;
            using var archive = await fetch(ct).ConfigureAwait(false);
            meter.Enter(LayerPhase.Extracting);
            Unpack(image, archive.Path, work, diffId, ct);
            return true;
        }
        finally
        {
            TreeRemover.Remove(work);
            _slots.Release();
        }
    }

    private void Unpack(string image, string file, string work, ImageDigest diffId, CancellationToken ct)
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
            JsonSerializer.SerializeToUtf8Bytes(new LayerDescription(layer.ImplicitDirectories, layer.Bytes)),
            _temporary);
        StoreFiles.MoveDurably(work, DirectoryOf(diffId));
    }
}
