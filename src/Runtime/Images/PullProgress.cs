using System.Globalization;

namespace Swarm.Runtime.Images;

/// <summary>How far a pull is.</summary>
/// <param name="LayersDone">Layers that are unpacked.</param>
/// <param name="Layers">Layers of the image; 0 while the manifest is being fetched.</param>
/// <param name="BytesDone">Bytes downloaded.</param>
/// <param name="Bytes">Bytes to download.</param>
public sealed record PullProgress(int LayersDone, int Layers, long BytesDone, long Bytes)
{
    private const double Megabyte = 1e6;

    /// <inheritdoc/>
    public override string ToString() => Layers == 0
        ? "pulling image"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"pulling image: {LayersDone}/{Layers} layers, {BytesDone / Megabyte:F1}/{Bytes / Megabyte:F1} MB");
}

/// <summary>Counts for all who wait for the same pull.</summary>
internal sealed class PullMeter
{
    private long _bytesDone;
    private long _bytes;
    private int _layersDone;
    private int _layers;

    internal PullProgress Now => new(
        Volatile.Read(ref _layersDone), Volatile.Read(ref _layers),
        Interlocked.Read(ref _bytesDone), Interlocked.Read(ref _bytes));

    internal void Expect(int layers) => Volatile.Write(ref _layers, layers);

    internal void ExpectBytes(long bytes) => Interlocked.Add(ref _bytes, bytes);

    internal void AddBytes(long bytes) => Interlocked.Add(ref _bytesDone, bytes);

    internal void LayerDone() => Interlocked.Increment(ref _layersDone);
}
