using Swarm.Raft.Storage;

namespace Swarm.Raft.Tests.Storage;

/// <summary>Shows each write; files are known by their life, not by their name.</summary>
internal sealed class WatchedDisk(IDisk disk, WatchedDisk.Watch watch) : IDisk
{
    private readonly Dictionary<string, string> _lives = [];

    public delegate void Watch(string file, long offset, ReadOnlySpan<byte> bytes);

    public void CreateDirectory(string directory) => disk.CreateDirectory(directory);

    public IReadOnlyList<string> ListFiles(string directory) => disk.ListFiles(directory);

    public IDiskFile Create(string path)
    {
        _lives[path] = $"{path} {_lives.Count} {Guid.NewGuid()}";
        return new File(disk.Create(path), _lives[path], watch);
    }

    public IDiskFile Open(string path) => new File(disk.Open(path), _lives.GetValueOrDefault(path, path), watch);

    public void Rename(string from, string to)
    {
        disk.Rename(from, to);
        _lives[to] = _lives.GetValueOrDefault(from, from);
    }

    public void Delete(string path) => disk.Delete(path);

    public void SyncDirectory(string directory) => disk.SyncDirectory(directory);

    public IDisposable Lock(string path) => disk.Lock(path);

    private sealed class File(IDiskFile file, string life, Watch watch) : IDiskFile
    {
        public long LengthBytes => file.LengthBytes;

        public void Read(long offset, Span<byte> buffer) => file.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            watch(life, offset, bytes);
            file.Write(offset, bytes);
        }

        public void Sync() => file.Sync();

        public void Dispose() => file.Dispose();
    }
}
