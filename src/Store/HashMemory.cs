namespace Swarm.Store;

/// <summary>
/// Hashes of the records that were hashed last, for the moment at which they are replaced: an object that changes again
/// and again is then hashed once a change and not twice. Not for several threads at once.
/// </summary>
public sealed class HashMemory
{
    /// <summary>Records that are remembered.</summary>
    public const int MaxCount = 4096;

    private readonly Dictionary<object, UInt128> _hashes = new(ReferenceEqualityComparer.Instance);
    private readonly Queue<object> _order = new();

    /// <summary>For the frames that are hashed.</summary>
    internal ObjectEncoder Encoder { get; } = new();

    /// <summary>The hash of this very record, which is forgotten then; null when it is not remembered.</summary>
    internal UInt128? Take(object record) => _hashes.Remove(record, out var hash) ? hash : null;

    internal void Put(object record, UInt128 hash)
    {
        _hashes[record] = hash;
        _order.Enqueue(record);
        if (_order.Count > MaxCount)
        {
            _hashes.Remove(_order.Dequeue());
        }
    }
}
