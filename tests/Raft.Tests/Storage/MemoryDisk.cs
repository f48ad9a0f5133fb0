using Swarm.Raft.Storage;

namespace Swarm.Raft.Testing;

/// <summary>
/// A disk in memory that knows what a power cut leaves: what was synced stays; of the rest each 512-byte sector may or
/// may not have made it, and of the names a part of the changes, in their order. Any thread.
/// </summary>
public sealed class MemoryDisk : IDisk
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, MemoryFile> _names = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, MemoryFile> _durableNames = new(StringComparer.Ordinal);
    private readonly List<(string Name, MemoryFile? File)> _journal = [];
    private readonly HashSet<string> _locks = [];

    /// <summary>When it answers true for (operation, path), that operation fails.</summary>
    public Func<string, string, bool>? Fails { get; set; }

    /// <summary>errno of operations that fail.</summary>
    public int FailErrno { get; set; } = 5;

    /// <summary>Bytes that fit.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    public int SyncCount { get; private set; }

    public int WriteCount { get; private set; }

    public long UsedBytes => _names.Values.Sum(f => (long)f.Current.Length);

    public IReadOnlyList<string> Names => [.. _names.Keys];

    public void CreateDirectory(string directory) => Check("mkdir", directory);

    public IReadOnlyList<string> ListFiles(string directory)
    {
        lock (_lock)
            return [.. _names.Keys.Where(n => Path.GetDirectoryName(n) == directory).Select(n => Path.GetFileName(n))];
    }

    public IDiskFile Create(string path)
    {
        Check("create", path);
        var file = new MemoryFile();
        Name(path, file);
        return new Handle(this, path, file);
    }

    public IDiskFile Open(string path)
    {
        Check("open", path);
        lock (_lock)
            return new Handle(this, path, _names[path]);
    }

    public void Rename(string from, string to)
    {
        Check("rename", from);
        Name(to, _names[from]);
        Name(from, null);
    }

    public void Delete(string path)
    {
        Check("delete", path);
        Name(path, null);
    }

    public void SyncDirectory(string directory)
    {
        Check("syncdir", directory);
        lock (_lock)
            KeepNames(_journal.Count);
    }

    public IDisposable Lock(string path)
    {
        lock (_lock)
        {
            return _locks.Add(path)
                ? new Release(() => _locks.Remove(path))
                : throw new StorageRefusedException($"{path} is in use by another process");
        }
    }

    /// <summary>The bytes of a file as a reader sees them; changes to it change the file.</summary>
    public byte[] Bytes(string path) => _names[path].Current;

    public void SetBytes(string path, byte[] bytes)
    {
        if (!_names.TryGetValue(path, out var file))
            Name(path, file = new MemoryFile());
        file.Set(bytes);
        KeepNames(_journal.Count);
    }

    /// <summary>Power cut. <paramref name="dice"/>(n) draws from 0 to n-1.</summary>
    public void Crash(Func<int, int> dice)
    {
        KeepNames(dice(3) switch { 0 => 0, 1 => _journal.Count, _ => dice(_journal.Count + 1) });
        _names.Clear();
        foreach (var (name, file) in _durableNames)
        {
            file.Crash(dice);
            _names.Add(name, file);
        }
        _locks.Clear();
    }

    private void KeepNames(int count)
    {
        foreach (var (name, file) in _journal.Take(count))
            Set(_durableNames, name, file);
        _journal.Clear();
    }

    private void Name(string path, MemoryFile? file)
    {
        lock (_lock)
        {
            Set(_names, path, file);
            _journal.Add((path, file));
        }
    }

    private static void Set(SortedDictionary<string, MemoryFile> names, string name, MemoryFile? file)
    {
        if (file is null)
            names.Remove(name);
        else
            names[name] = file;
    }

    private void Check(string operation, string path)
    {
        if (Fails?.Invoke(operation, path) == true)
            throw new StorageFailedException(operation, path, FailErrno);
    }

    private sealed class Handle(MemoryDisk disk, string path, MemoryFile file) : IDiskFile
    {
        public long LengthBytes => file.Current.Length;

        public void Read(long offset, Span<byte> buffer)
        {
            disk.Check("read", path);
            if (offset + buffer.Length > LengthBytes)
                throw new StorageCorruptException(path, offset, "the file ends where more was expected");
            file.Current.AsSpan((int)offset, buffer.Length).CopyTo(buffer);
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            disk.Check("write", path);
            lock (disk._lock)
            {
                var grows = Math.Max(0, offset + bytes.Length - LengthBytes);
                if (grows > disk.CapacityBytes - Math.Min(disk.CapacityBytes, disk.UsedBytes))
                    throw new StorageFailedException("write", path, StorageFailedException.NoSpaceErrno);
                disk.WriteCount++;
                file.Write(offset, bytes);
            }
        }

        public void Sync()
        {
            if (disk.Fails?.Invoke("sync", path) == true)
            {
                file.FailSync();
                throw new StorageFailedException("sync", path, disk.FailErrno);
            }
            lock (disk._lock)
            {
                disk.SyncCount++;
                file.Sync();
            }
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
