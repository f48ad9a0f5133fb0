using Swarm.Raft.Storage;

namespace Swarm.Raft.Testing;

/// <summary>
/// A disk in memory that knows what a power cut leaves: what was synced stays; of the rest each 512-byte sector and
/// each unsynced name may or may not have made it.
/// </summary>
public sealed class MemoryDisk : IDisk
{
    private const int SectorBytes = 512;
    private readonly SortedDictionary<string, Inode> _names = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Inode> _durableNames = new(StringComparer.Ordinal);
    private readonly HashSet<string> _locks = [];

    /// <summary>When it answers true for (operation, path), that operation fails.</summary>
    public Func<string, string, bool>? Fails { get; set; }

    public int SyncCount { get; private set; }

    public int WriteCount { get; private set; }

    public void CreateDirectory(string directory) => Check("mkdir", directory);

    public IReadOnlyList<string> ListFiles(string directory) =>
        [.. _names.Keys.Where(n => Path.GetDirectoryName(n) == directory).Select(n => Path.GetFileName(n))];

    public IDiskFile Create(string path)
    {
        Check("create", path);
        return new Handle(this, path, _names[path] = new Inode());
    }

    public IDiskFile Open(string path)
    {
        Check("open", path);
        return new Handle(this, path, _names[path]);
    }

    public void Rename(string from, string to)
    {
        Check("rename", from);
        _names[to] = _names[from];
        _names.Remove(from);
    }

    public void Delete(string path)
    {
        Check("delete", path);
        _names.Remove(path);
    }

    public void SyncDirectory(string directory)
    {
        Check("syncdir", directory);
        _durableNames.Clear();
        foreach (var (name, inode) in _names)
            _durableNames.Add(name, inode);
    }

    public IDisposable Lock(string path) => _locks.Add(path)
        ? new Release(() => _locks.Remove(path))
        : throw new StorageRefusedException($"{path} is in use by another process");

    /// <summary>The bytes of a file as a reader sees them; changes to it change the file.</summary>
    public byte[] Bytes(string path) => _names[path].Current;

    public void SetBytes(string path, byte[] bytes) => _names[path].Set(bytes);

    /// <summary>Power cut. <paramref name="dice"/>(n) draws from 0 to n-1.</summary>
    public void Crash(Func<int, int> dice)
    {
        var kept = dice(2) == 0 ? _durableNames : _names;
        var after = kept.ToArray();
        _names.Clear();
        foreach (var (name, inode) in after)
        {
            inode.Crash(dice);
            _names.Add(name, inode);
        }
        SyncDirectoryAfterCrash();
        _locks.Clear();
    }

    private void SyncDirectoryAfterCrash()
    {
        _durableNames.Clear();
        foreach (var (name, inode) in _names)
            _durableNames.Add(name, inode);
    }

    private void Check(string operation, string path)
    {
        if (Fails?.Invoke(operation, path) == true)
            throw new StorageFailedException(operation, path, 5);
    }

    private sealed class Inode
    {
        private readonly List<(long Offset, byte[] Bytes)> _pending = [];
        private byte[] _durable = [];

        public byte[] Current { get; private set; } = [];

        public void Set(byte[] bytes)
        {
            Current = bytes;
            _durable = [.. bytes];
            _pending.Clear();
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            _pending.Add((offset, bytes.ToArray()));
            Current = Put(Current, offset, bytes);
        }

        public void Sync()
        {
            foreach (var (offset, bytes) in _pending)
                _durable = Put(_durable, offset, bytes);
            _pending.Clear();
        }

        public void Crash(Func<int, int> dice)
        {
            foreach (var (offset, bytes) in _pending)
                CrashWrite(dice, offset, bytes);
            _pending.Clear();
            Current = [.. _durable];
        }

        private void CrashWrite(Func<int, int> dice, long offset, byte[] bytes)
        {
            var fate = dice(4);
            for (var at = 0; at < bytes.Length;)
            {
                var length = Math.Min(bytes.Length - at, SectorBytes - (int)((offset + at) % SectorBytes));
                if (fate == 1 || (fate > 1 && dice(2) == 0))
                    _durable = Put(_durable, offset + at, bytes.AsSpan(at, length));
                at += length;
            }
        }

        private static byte[] Put(byte[] target, long offset, ReadOnlySpan<byte> bytes)
        {
            if (target.Length < offset + bytes.Length)
                Array.Resize(ref target, (int)offset + bytes.Length);
            bytes.CopyTo(target.AsSpan((int)offset));
            return target;
        }
    }

    private sealed class Handle(MemoryDisk disk, string path, Inode inode) : IDiskFile
    {
        public long LengthBytes => inode.Current.Length;

        public void Read(long offset, Span<byte> buffer)
        {
            disk.Check("read", path);
            inode.Current.AsSpan((int)offset, buffer.Length).CopyTo(buffer);
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            disk.Check("write", path);
            disk.WriteCount++;
            inode.Write(offset, bytes);
        }

        public void Sync()
        {
            disk.Check("sync", path);
            disk.SyncCount++;
            inode.Sync();
        }

        public void Dispose()
        {
        }
    }

    private sealed class Release(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
