namespace Swarm.Runtime.Images;

/// <summary>The parts of one image store, opened.</summary>
internal sealed class StoreParts : IAsyncDisposable
{
    internal StoreParts(string directory, RegistryOptions options, LayerLimits limits, Action<string> log)
    {
        Log = log;
        Directory = directory;
        Temporary = Path.Combine(directory, "tmp");
        Limits = limits;
        StoreFiles.MakePrivateDirectory(directory);
        // What a crash left half done.
        TreeRemover.Remove(Temporary);
        StoreFiles.MakePrivateDirectory(Temporary);
        Registry = new RegistryClient(options);
        Blobs = new BlobStore(directory, Temporary);
        Layers = new LayerStore(directory, Temporary, limits, log);
        Downloads = new LayerDownloads(directory, Registry, bytes => Room?.Require(bytes), log);
        Records = new ImageRecords(directory, Temporary);
        Names = new ImageNames(directory, Temporary);
        Leases = new ImageLeases(directory, Temporary);
        Services = new ServiceImages(directory, Temporary);
        Sweeper = new StoreSweeper(Records, Blobs, Layers, Pins);
    }

    internal string Directory { get; }

    /// <summary>Emptied at each opening; of the same file system as the rest.</summary>
    internal string Temporary { get; }

    internal LayerLimits Limits { get; }

    internal Action<string> Log { get; }

    internal RegistryClient Registry { get; }

    internal BlobStore Blobs { get; }

    internal LayerStore Layers { get; }

    internal LayerDownloads Downloads { get; }

    internal ImageRecords Records { get; }

    internal ImageNames Names { get; }

    internal ImageLeases Leases { get; }

    internal ServiceImages Services { get; }

    /// <summary>Set once, by the store.</summary>
    internal DiskRoom? Room { get; set; }

    internal StorePins Pins { get; } = new();

    internal StoreSweeper Sweeper { get; }

    /// <summary>A name of its own in the temporary directory; nothing is there yet.</summary>
    internal string NewTemporary() => Path.Combine(Temporary, Path.GetRandomFileName());

    public async ValueTask DisposeAsync()
    {
        await Layers.DisposeAsync().ConfigureAwait(false);
        Registry.Dispose();
    }
}
