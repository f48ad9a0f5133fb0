namespace Swarm.Raft.Storage;

/// <summary>
/// A durable snapshot. It stays readable while it is open, although a newer one may have taken its place. One caller
/// at a time.
/// </summary>
public sealed class SnapshotReader : IDisposable
{
    private readonly StoredSnapshot _file;
    private readonly SnapshotData _data;

    internal SnapshotReader(StoredSnapshot file, SnapshotData data) => (_file, _data) = (file, data);

    /// <summary>What it stands for.</summary>
    public SnapshotMark Mark => _file.Mark;

    /// <summary>Bytes of the state, as they were written.</summary>
    public long LengthBytes => _file.LengthBytes;

    /// <summary>Fills the buffer from an offset of the state.</summary>
    /// <exception cref="StorageCorruptException">The file was damaged since the start.</exception>
    public void Read(long offset, Span<byte> buffer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        _data.Read(_file.PrefixBytes + offset, buffer);
    }

    /// <inheritdoc/>
    public void Dispose() => _data.Dispose();
}
