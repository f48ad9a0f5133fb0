namespace Swarm.Runtime.Images;

/// <summary>What went from the disk.</summary>
/// <param name="Images">Digests under which images were complete.</param>
/// <param name="Layers">Layers that no other image needed.</param>
/// <param name="Bytes">Content of their files, and of the blobs.</param>
internal sealed record Swept(
    IReadOnlyList<ImageDigest> Images, IReadOnlyList<ImageDigest> Layers, long Bytes)
{
    internal static Swept Nothing { get; } = new([], [], 0);
}

/// <summary>
/// Takes images away, and then the layers and blobs that no image needs. What is pinned stays, whoever asks.
/// </summary>
internal sealed class StoreSweeper(ImageRecords records, BlobStore blobs, LayerStore layers, StorePins pins)
{
    /// <param name="choose">The images that go; asked while nothing can be leased or pinned.</param>
    internal Swept Sweep(Func<IEnumerable<ImageDigest>> choose)
    {
        List<string> graves = [];
        List<ImageDigest> goneImages = [];
        List<ImageDigest> goneLayers = [];
        var bytes = 0L;
        lock (pins.Gate)
        {
            foreach (var image in choose().Where(d => !pins.IsPinned(d.Hex)).ToList())
            {
                records.Remove(image);
                goneImages.Add(image);
            }

            var keep = records.NeededHex();
            foreach (var hex in layers.AllHex().Where(h => !keep.Contains(h) && !pins.IsPinned(h)).ToList())
            {
                var layer = ImageDigest.OfHex(hex);
                bytes += layers.Describe(layer).Bytes;
                graves.Add(layers.Bury(hex));
                goneLayers.Add(layer);
            }

            foreach (var hex in blobs.AllHex().Where(h => !keep.Contains(h) && !pins.IsPinned(h)).ToList())
            {
                bytes += blobs.Delete(hex);
            }
        }

        graves.ForEach(TreeRemover.Remove);
        return new Swept(goneImages, goneLayers, bytes);
    }
}
