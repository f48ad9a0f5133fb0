namespace Swarm.Runtime.Images;

/// <summary>Images in and out of this machine other than by a pull.</summary>
public sealed class ImageFiles
{
    private readonly ImageLoader _loader;
    private readonly ImageImporter _importer;
    private readonly ImageSaver _saver;
    private readonly ImagePusher _pusher;

    internal ImageFiles(StoreParts parts, ImagePuller puller, ImageInventory inventory)
    {
        var sources = new LayerSources(parts);
        _loader = new ImageLoader(parts, puller);
        _importer = new ImageImporter(parts, _loader);
        _saver = new ImageSaver(parts, inventory, sources);
        _pusher = new ImagePusher(parts, inventory, sources);
    }

    /// <summary>Loads an OCI layout or an archive of docker's from a tar file (plain, gzip, zstd).</summary>
    /// <param name="archive">Read to its end; blocks the caller's thread.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Tags, or ids of images without one.</returns>
    /// <exception cref="ImageException">It is refused; images before the fault stay.</exception>
    public Task<IReadOnlyList<string>> LoadAsync(Stream archive, CancellationToken ct) =>
        _loader.LoadAsync(archive, ct);

    /// <summary>Makes an image of a root file system's tar file (plain, gzip, zstd).</summary>
    /// <param name="archive">Read to its end; blocks the caller's thread.</param>
    /// <param name="tag">Its tag; empty = none.</param>
    /// <param name="options">How it runs.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Its id.</returns>
    /// <exception cref="ImageException">It is refused.</exception>
    public Task<ImageDigest> ImportAsync(Stream archive, string tag, ImportOptions options, CancellationToken ct) =>
        _importer.ImportAsync(archive, tag.Length > 0 ? ImageInventory.ParseTag(tag) : null, options, ct);

    /// <summary>Writes images as a tar file that is an OCI layout and docker's form at once.</summary>
    /// <exception cref="ImageException">No such image, or a layer cannot be had again.</exception>
    public Task SaveAsync(IReadOnlyList<string> names, Stream target, CancellationToken ct) =>
        _saver.SaveAsync(names, target, ct);

    /// <summary>Gives an image to the registry of its tag.</summary>
    /// <exception cref="ImageException">No such tag, or the registry does not take it.</exception>
    public Task<PushedImage> PushAsync(string tag, Action<PushedLayer> tell, CancellationToken ct) =>
        _pusher.PushAsync(tag, tell, ct);
}
