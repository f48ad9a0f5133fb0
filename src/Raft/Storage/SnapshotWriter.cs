using System.Buffers;
using System.Buffers.Binary;

namespace Swarm.Raft.Storage;

/// <summary>
/// A snapshot that is being written, in a file of its own aside. Nothing of it counts before <see cref="Commit"/>, or
/// before <see cref="RaftStorage.InstallSnapshot"/>; disposed without either, it is gone. May be used on another thread
/// than the rest of the storage, by one at a time.
/// </summary>
public sealed class SnapshotWriter : IDisposable
{
    /// <summary>So much is synced at once, so that the log's syncs do not wait behind a whole snapshot.</summary>
    private const long SyncEveryBytes = 8 << 20;

    private readonly SnapshotStore _store;
    private readonly IDiskFile _file;
    private readonly SnapshotBlocks _blocks;
    private byte[] _block = ArrayPool<byte>.Shared.Rent(SnapshotBlocks.BlockBytes);
    private readonly uint _seed;
    private int _filled;
    private long _dataBytes;
    private uint _chain;
    private bool _isWhole;
    private bool _failed;
    private bool _isNamed;

    internal SnapshotWriter(
        SnapshotStore store, string path, SnapshotMark mark, SnapshotHeader header, FileCipher? cipher)
    {
        (_store, CurrentPath, Mark, Header) = (store, path, mark, header);
        _file = store.Disk.Create(path);
        try
        {
            Span<byte> first = stackalloc byte[SnapshotHeader.LengthBytes];
            _seed = header.Write(first, cipher);
            _chain = _seed;
            _blocks = new SnapshotBlocks(_seed, cipher);
            _file.Write(0, first);
            WriteConfiguration(mark.Configuration.Encode());
        }
        catch (StorageFailedException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the snapshot stands for.</summary>
    public SnapshotMark Mark { get; }

    internal SnapshotHeader Header { get; }

    /// <summary>Temporary until <see cref="Named"/>.</summary>
    internal string CurrentPath { get; private set; }

    /// <summary>Length of the data, known when it is whole.</summary>
    internal long DataBytes => _dataBytes;

    internal uint Seed => _seed;

    /// <summary>Bytes of the data before the state.</summary>
    internal int PrefixBytes { get; private set; }

    /// <summary>The next bytes of the state.</summary>
    /// <exception cref="StorageFailedException">The disk failed, or is full (<see
    /// cref="StorageFailedException.IsNoSpace"/>): then this snapshot is to be given up, and nothing else is
    /// hurt.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_isWhole, this);
        while (bytes.Length > 0)
        {
            var count = Math.Min(bytes.Length, SnapshotBlocks.DataBytes - _filled);
            bytes[..count].CopyTo(_block.AsSpan(SnapshotBlocks.HeaderBytes + _filled));
            _filled += count;
            bytes = bytes[count..];
            if (_filled == SnapshotBlocks.DataBytes)
                WriteBlock();
        }
    }

    /// <summary>
    /// Makes it the newest durable snapshot, and removes older ones. Without effect when there is a newer one already.
    /// </summary>
    public void Commit() => _store.Commit(this);

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _blocks?.Dispose();
        if (!_isNamed)
            _store.Discard(CurrentPath);
        _isNamed = true;
        if (_block.Length > 0)
            ArrayPool<byte>.Shared.Return(_block);
        _block = [];
        _store.Ended(this);
    }

    /// <summary>The file has a name that stays.</summary>
    internal void Named(string path) => (CurrentPath, _isNamed) = (path, true);

    /// <summary>Everything is on the medium, under the temporary name.</summary>
    internal void Finish()
    {
        if (_isWhole)
            return;
        if (_failed)
            throw new StorageFailedException("write", CurrentPath, 0, new IOException("an earlier write failed"));
        if (_filled > 0)
            WriteBlock();
        Span<byte> trailer = stackalloc byte[SnapshotBlocks.TrailerBytes];
        _blocks.WriteTrailer(trailer, _dataBytes, _chain);
        _failed = true;
        _file.Write(SnapshotBlocks.FileBytes(_dataBytes) - SnapshotBlocks.TrailerBytes, trailer);
        _file.Sync();
        (_isWhole, _failed) = (true, false);
    }

    /// <summary>The data begins with the configuration, which is encrypted like the rest.</summary>
    private void WriteConfiguration(byte[] configuration)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, configuration.Length);
        Write(length);
        Write(configuration);
        PrefixBytes = length.Length + configuration.Length;
    }

    private void WriteBlock()
    {
        if (_failed)
            throw new StorageFailedException("write", CurrentPath, 0, new IOException("an earlier write failed"));
        _failed = true;
        var number = _dataBytes / SnapshotBlocks.DataBytes;
        var block = _block.AsSpan(0, SnapshotBlocks.HeaderBytes + _filled + FileCipher.TagBytes);
        _chain = Crc32C.Of(_chain, _blocks.Complete(block, number));
        _file.Write(SnapshotBlocks.OffsetOf(number), block);
        _dataBytes += _filled;
        _filled = 0;
        if (_dataBytes % SyncEveryBytes == 0)
            _file.Sync();
        _failed = false;
    }
}
