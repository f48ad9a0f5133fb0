namespace Swarm.Raft.Storage;

/// <summary>The decrypted data of a snapshot file at any offset; every block is checked when it is read.</summary>
internal sealed class SnapshotData(string path, IDiskFile file, uint seed, SnapshotBlocks blocks, long dataBytes)
    : IDisposable
{
    /// <summary>Most are opened to be there for followers that then ask for nothing.</summary>
    private byte[]? _block;
    private long _number = -1;

    public string Path => path;

    public uint Seed => seed;

    public void Read(long offset, Span<byte> target)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + target.Length, dataBytes);
        while (target.Length > 0)
        {
            var (number, within) = Math.DivRem(offset, SnapshotBlocks.DataBytes);
            var data = Block(number)[(int)within..];
            var count = Math.Min(data.Length, target.Length);
            data[..count].CopyTo(target);
            target = target[count..];
            offset += count;
        }
    }

    public void Dispose()
    {
        file.Dispose();
        blocks.Dispose();
    }

    private ReadOnlySpan<byte> Block(long number)
    {
        var length = (int)Math.Min(SnapshotBlocks.DataBytes, dataBytes - (number * SnapshotBlocks.DataBytes));
        if (_number != number)
        {
            _number = -1;
            _block ??= new byte[SnapshotBlocks.LongestBlockBytes(dataBytes)];
            var block = _block.AsSpan(0, SnapshotBlocks.HeaderBytes + length + FileCipher.TagBytes);
            var offset = SnapshotBlocks.OffsetOf(number);
            file.Read(offset, block);
            if (blocks.Check(block, number) is null || !blocks.TryOpen(block, number))
                throw new StorageCorruptException(path, offset, "a block of the snapshot cannot be read");
            _number = number;
        }
        return _block.AsSpan(SnapshotBlocks.HeaderBytes, length);
    }
}
