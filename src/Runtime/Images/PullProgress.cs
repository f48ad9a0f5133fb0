using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;

namespace Swarm.Runtime.Images;

/// <summary>What a pull is doing with a layer.</summary>
public enum LayerPhase
{
    /// <summary>It waits for its turn.</summary>
    Waiting,

    /// <summary>Bytes are coming.</summary>
    Downloading,

    /// <summary>It is being unpacked.</summary>
    Extracting,

    /// <summary>It was unpacked now.</summary>
    Complete,

    /// <summary>It was here before.</summary>
    Present,
}

/// <summary>How far one layer is.</summary>
/// <param name="Digest">Of its archive as the registry has it.</param>
/// <param name="Phase">What is being done.</param>
/// <param name="BytesDone">Bytes downloaded.</param>
/// <param name="Bytes">Bytes of the archive.</param>
public sealed record LayerProgress(ImageDigest Digest, LayerPhase Phase, long BytesDone, long Bytes);

/// <summary>How far a pull is.</summary>
/// <param name="LayersDone">Layers that are unpacked.</param>
/// <param name="Layers">Layers of the image; 0 while the manifest is being fetched.</param>
/// <param name="BytesDone">Bytes downloaded.</param>
/// <param name="Bytes">Bytes to download.</param>
public sealed record PullProgress(int LayersDone, int Layers, long BytesDone, long Bytes)
{
    private const double Megabyte = 1e6;

    /// <summary>Each layer, the lowest first.</summary>
    public ImmutableArray<LayerProgress> Details { get; init; } = [];

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
    private readonly ConcurrentDictionary<ImageDigest, LayerMeter> _layers = new();
    private ImmutableArray<ImageDigest> _order = [];
    private int _count;

    internal PullProgress Now
    {
        get
        {
            ImmutableArray<LayerProgress> details =
                [.. _order.Where(_layers.ContainsKey).Select(d => _layers[d].Now(d))];
            return new PullProgress(
                details.Count(l => l.Phase is LayerPhase.Complete or LayerPhase.Present),
                Volatile.Read(ref _count), details.Sum(l => l.BytesDone),
                details.Where(l => l.Phase != LayerPhase.Present).Sum(l => l.Bytes)) { Details = details };
        }
    }

    /// <summary>The layers of the image, the lowest first; the same one twice counts once.</summary>
    internal void Expect(IEnumerable<Descriptor> layers)
    {
        foreach (var layer in layers)
        {
            _layers.TryAdd(layer.Digest, new LayerMeter(layer.Size));
            _order = _order.Contains(layer.Digest) ? _order : _order.Add(layer.Digest);
        }

        Volatile.Write(ref _count, _order.Length);
    }

    internal LayerMeter Of(Descriptor layer) => _layers.GetOrAdd(layer.Digest, _ => new LayerMeter(layer.Size));
}

/// <summary>How far one layer is, written by its download and read by those who wait.</summary>
internal sealed class LayerMeter(long bytes)
{
    private long _done;
    private int _phase;

    internal void Enter(LayerPhase phase) => Volatile.Write(ref _phase, (int)phase);

    /// <summary>All that is on the disk of this layer's archive, also from an earlier attempt.</summary>
    internal void Have(long done) => Volatile.Write(ref _done, done);

    internal LayerProgress Now(ImageDigest digest) =>
        new(digest, (LayerPhase)Volatile.Read(ref _phase), Volatile.Read(ref _done), bytes);
}
