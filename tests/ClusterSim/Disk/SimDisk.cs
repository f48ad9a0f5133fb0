using Swarm.Raft.Storage;

namespace Swarm.ClusterSim.Disk;

/// <summary>
/// A disk in memory that does what disks do: takes time, fills up, fails a sync and then shows what it does not have,
/// and at a power cut keeps what was synced, and of the rest what it likes. Names are a journal: of the changes since
/// the last sync of the directory a prefix survives.
/// </summary>
internal sealed class SimDisk(Dice dice, Coverage coverage) : IDisk
{
    private const int NoSpace = 28;
    private const int IoError = 5;
    private readonly SortedDictionary<string, Inode> _names = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Inode> _durableNames = new(StringComparer.Ordinal);
    private readonly List<(string Name, Inode? Inode)[]> _journal = [];
    private readonly HashSet<string> _locks = [];
    private bool _syncFailed;
    private bool _dead;

    /// <summary>Time of one sync: this and up to as much again.</summary>
    public int SyncUs { get; set; } = 200;

    /// <summary>The next sync takes so much longer.</summary>
    public long NextSyncUs { get; set; }

    /// <summary>Bytes that fit; files take their length.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>Operations until the power goes; negative = it stays.</summary>
    public int PowerCutIn { get; set; } = -1;

    /// <summary>Syncs until one fails; negative = none does.</summary>
    public int FailSyncIn { get; set; } = -1;

    /// <summary>Time that operations took since <see cref="TakeLatencyUs"/>.</summary>
    public long LatencyUs { get; set; }

    public long UsedBytes => _names.Values.Distinct().Sum(i => (long)i.Length);

    public IReadOnlyDictionary<string, Inode> Files => _names;

    public long TakeLatencyUs()
    {
        var taken = LatencyUs;
        LatencyUs = 0;
        return taken;
    }

    public void CreateDirectory(string directory) => Step();

    public IReadOnlyList<string> ListFiles(string directory) =>
        [.. _names.Keys.Where(n => Path.GetDirectoryName(n) == directory).Select(n => Path.GetFileName(n))];

    public IDiskFile Create(string path)
    {
        Step();
        var inode = new Inode();
        Name((path, inode));
        return new SimFile(this, path, inode);
    }

    public IDiskFile Open(string path)
    {
        Step();
        return _names.TryGetValue(path, out var inode)
            ? new SimFile(this, path, inode)
            : throw new StorageFailedException("open", path, 2);
    }

    public void Rename(string from, string to)
    {
        Step();
        var inode = _names[from];
        Name((from, null), (to, inode));
    }

    public void Delete(string path)
    {
        Step();
        Name((path, null));
    }

    public void SyncDirectory(string directory)
    {
        Step();
        LatencyUs += TakeNextSyncUs() + SyncUs + dice.Below(SyncUs + 1);
        _durableNames.Clear();
        foreach (var (name, inode) in _names)
            _durableNames.Add(name, inode);
        _journal.Clear();
    }

    public IDisposable Lock(string path) => _locks.Add(path)
        ? new Release(() => _locks.Remove(path))
        : throw new StorageRefusedException($"{path} is in use by another process");

    /// <summary>One more operation; the power may go before it.</summary>
    public void Step()
    {
        if (_dead || (PowerCutIn >= 0 && PowerCutIn-- == 0))
        {
            _dead = true;
            throw new PowerCutException();
        }
    }

    /// <summary>The process is gone, the machine stays. After a failed sync the page cache may be what it was, or what
    /// the medium has.</summary>
    public void KillProcess()
    {
        _locks.Clear();
        (PowerCutIn, FailSyncIn, _dead) = (-1, -1, false);
        if (!_syncFailed || dice.OneIn(2))
            return;
        foreach (var inode in _names.Values)
            inode.Evict();
    }

    /// <summary>Healthy, fast and with room again; what is on it stays as it is.</summary>
    public void Repair() =>
        (PowerCutIn, FailSyncIn, CapacityBytes, SyncUs, NextSyncUs) = (-1, -1, long.MaxValue, 200, 0);

    /// <summary>Another, empty disk.</summary>
    public void Wipe()
    {
        _names.Clear();
        _durableNames.Clear();
        _journal.Clear();
    }

    /// <summary>The durable files of another disk.</summary>
    public void CopyFrom(SimDisk other)
    {
        Wipe();
        foreach (var (name, inode) in other._durableNames)
        {
            var copy = new Inode();
            copy.Write(0, inode.Durable);
            copy.Sync();
            _names.Add(name, copy);
            _durableNames.Add(name, copy);
        }
    }

    public void CutPower()
    {
        _locks.Clear();
        (PowerCutIn, FailSyncIn, _syncFailed, _dead) = (-1, -1, false, false);
        foreach (var (name, inode) in _journal.Take(dice.Below(_journal.Count + 1)).SelectMany(change => change))
            Set(_durableNames, name, inode);
        _journal.Clear();
        _names.Clear();
        foreach (var (name, inode) in _durableNames)
        {
            inode.CutPower(dice, coverage);
            _names.Add(name, inode);
        }
    }

    internal void Write(string path, Inode inode, long offset, ReadOnlySpan<byte> bytes)
    {
        Step();
        var grows = offset + bytes.Length - inode.Length;
        if (grows > 0 && CapacityBytes < long.MaxValue && UsedBytes + grows > CapacityBytes)
        {
            inode.Write((int)offset, bytes[..dice.Below(bytes.Length + 1)]);
            coverage.Count("disk full");
            throw new StorageFailedException("write", path, NoSpace);
        }
        inode.Write((int)offset, bytes);
    }

    internal void Sync(string path, Inode inode)
    {
        Step();
        LatencyUs += TakeNextSyncUs() + SyncUs + dice.Below(SyncUs + 1);
        if (FailSyncIn >= 0 && FailSyncIn-- == 0)
        {
            inode.FailSync();
            _syncFailed = true;
            coverage.Count("fsync failed");
            throw new StorageFailedException("fdatasync", path, IoError);
        }
        inode.Sync();
    }

    /// <summary>One change of names, which survives whole or not at all: file systems rename in one step.</summary>
    private void Name(params (string Path, Inode? Inode)[] change)
    {
        foreach (var (path, inode) in change)
            Set(_names, path, inode);
        _journal.Add(change);
    }

    private static void Set(SortedDictionary<string, Inode> names, string path, Inode? inode)
    {
        if (inode is null)
            names.Remove(path);
        else
            names[path] = inode;
    }

    private sealed class Release(Action action) : IDisposable
    {
        public void Dispose() => action();
    }

    private long TakeNextSyncUs()
    {
        var us = NextSyncUs;
        NextSyncUs = 0;
        return us;
    }
}
