using Swarm.Raft.Storage;

namespace Swarm.ClusterSim.Disk;

/// <summary>An open file; it stays readable after its name is gone.</summary>
internal sealed class SimFile(SimDisk disk, string path, Inode inode) : IDiskFile
{
    public long LengthBytes => inode.Length;

    public void Read(long offset, Span<byte> buffer)
    {
        if (offset + buffer.Length > inode.Length)
            throw new StorageCorruptException(path, offset, "the file ends where more was expected");
        inode.Current.Slice((int)offset, buffer.Length).CopyTo(buffer);
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes) => disk.Write(path, inode, offset, bytes);

    public void Sync() => disk.Sync(path, inode);

    public void Dispose()
    {
    }
}
