using System.Collections.Concurrent;

namespace Swarm.Raft.Storage;

/// <summary>The snapshot files of a member. Any thread.</summary>
internal sealed class SnapshotStore(StorageOptions options, KeyRing keys, Housekeeper house)
{
    /// <summary>Held while names change.</summary>
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<SnapshotWriter, Guid> _writing = [];
    private volatile StoredSnapshot? _newest;
    private bool _closed;

    public IDisk Disk => options.Disk;

    /// <summary>The newest durable one.</summary>
    public StoredSnapshot? Newest => _newest;

    /// <summary>When the newest one was written; null when there is none, or the disk does not tell.</summary>
    public DateTimeOffset? WrittenAt => _newest is { } newest ? options.Disk.WrittenAt(newest.Path) : null;

    /// <summary>
    /// Keys of the newest one, and of those that are being written: each of them may become the newest.
    /// </summary>
    public IEnumerable<Guid> KeyIds => _writing.Values.Append(_newest?.Header.KeyId ?? Guid.Empty);

    /// <summary>
    /// Finds the newest snapshot that is whole and whose end the log reaches back to. A damaged one is passed over only
    /// when the log still has all that it contains.
    /// </summary>
    public void Load(IReadOnlyList<string> names, LoadedLog log)
    {
        var first = log.Replay.FirstIndex;
        Adopt(names, log);
        StorageCorruptException? damage = null;
        foreach (var (index, term, name) in StorageFiles.Snapshots(
            options.Directory, options.Disk.ListFiles(options.Directory), StorageFiles.Snapshot))
        {
            if (index + 1 < first)
                break;
            try
            {
                var found = StoredSnapshot.Check(options, keys, PathOf(name), (index, term));
                CheckFits(found, log.Replay);
                _newest = found;
                break;
            }
            catch (StorageCorruptException e)
            {
                damage ??= e;
            }
        }
        if (_newest is null && first > 1)
            throw damage ?? new StorageCorruptException(
                PathOf(StorageFiles.SnapshotName(first - 1, log.Replay.BaseTerm ?? 0, StorageFiles.Snapshot)), 0,
                $"no snapshot is there that reaches entry {first - 1}, before which the log has nothing");
        if (damage is not null)
            log.Notes.Add($"passed over a snapshot because the log has all that it contains: {damage.Message}");
    }

    public SnapshotWriter Begin(SnapshotMark mark)
    {
        ArgumentOutOfRangeException.ThrowIfZero(mark.Index);
        var key = keys.Newest;
        var salt = key == Guid.Empty ? [] : options.NewSalt(FileCipher.SaltBytes);
        var header = new SnapshotHeader
        {
            ClusterId = options.ClusterId,
            Id = options.Id,
            Index = mark.Index,
            Term = mark.Term,
            KeyId = key,
            Salt = salt,
        };
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            var cipher = keys.ToWrite(key, salt, header.Purpose);
            var writer = new SnapshotWriter(this, house.TemporaryPath(), mark, header, cipher);
            _writing[writer] = key;
            return writer;
        }
    }

    public SnapshotReader? Open()
    {
        lock (_lock)
        {
            return _newest is { } newest ? Open(newest) : null;
        }
    }

    /// <summary>One that is whole, under its temporary name.</summary>
    public SnapshotReader OpenReceived(SnapshotWriter writer)
    {
        writer.Finish();
        return Open(Describe(writer));
    }

    /// <summary>One of this member's own state: the log has its last entry.</summary>
    public void Commit(SnapshotWriter writer)
    {
        writer.Finish();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (IsNewer(writer.Mark))
                Publish(writer);
        }
    }

    /// <summary>
    /// One of another member: it is made durable under a name that does not count, the log is begun anew, and then it
    /// gets the name that counts. A crash before the log is there leaves the old state, one after it the new.
    /// </summary>
    public void Install(SnapshotWriter writer, Action rebase)
    {
        writer.Finish();
        lock (_lock)
        {
            if (!IsNewer(writer.Mark))
                throw new ArgumentException(
                    $"the snapshot of entry {writer.Mark.Index} is not newer than that of entry {_newest?.Mark.Index}");
            Rename(writer, StorageFiles.Received);
            rebase();
            Publish(writer);
        }
    }

    /// <summary>It was published, or is gone.</summary>
    public void Ended(SnapshotWriter writer) => _writing.TryRemove(writer, out _);

    /// <summary>The directory belongs to somebody else from here on: whoever still writes a snapshot changes nothing in
    /// it.</summary>
    public void Close()
    {
        lock (_lock)
            _closed = true;
    }

    /// <summary>Removes what is not finished.</summary>
    public void Discard(string path)
    {
        lock (_lock)
        {
            if (!_closed)
                DeleteIfThere(path);
        }
    }

    private void DeleteIfThere(string path)
    {
        if (options.Disk.ListFiles(options.Directory).Contains(Path.GetFileName(path)))
            options.Disk.Delete(path);
    }

    private bool IsNewer(SnapshotMark mark) =>
        _newest is not { } newest || mark.Index > newest.Mark.Index
        || (mark.Index == newest.Mark.Index && newest.Header.KeyId != keys.Newest);

    private string PathOf(string name) => Path.Combine(options.Directory, name);

    /// <summary>What was received and has its log counts; what has not is the rest of an installation that was cut
    /// short.</summary>
    private void Adopt(IReadOnlyList<string> names, LoadedLog log)
    {
        foreach (var (index, term, name) in StorageFiles.Snapshots(options.Directory, names, StorageFiles.Received))
        {
            if (log.Last is { IsBase: true } last && last.NextIndex == index + 1 && last.PreviousTerm == term)
                options.Disk.Rename(
                    PathOf(name), PathOf(StorageFiles.SnapshotName(index, term, StorageFiles.Snapshot)));
            else
                options.Disk.Delete(PathOf(name));
            options.Disk.SyncDirectory(options.Directory);
        }
    }

    private static void CheckFits(StoredSnapshot snapshot, WalReplay log)
    {
        var mark = snapshot.Mark;
        var term = mark.Index + 1 == log.FirstIndex ? log.BaseTerm : null;
        if (mark.Index >= log.FirstIndex && mark.Index < log.NextIndex)
            term = log.Entries[(int)(mark.Index - log.FirstIndex)].Term;
        if (mark.Index >= log.NextIndex || (term is { } known && known != mark.Term))
            throw new StorageCorruptException(
                snapshot.Path, 0,
                $"it stands for entry {mark.Index} of term {mark.Term}, and the log has {log.FirstIndex} to "
                + $"{log.NextIndex - 1}{(term is null ? "" : $", with term {term} there")}");
    }

    /// <summary>The snapshot is the newest one from here on, and older ones go.</summary>
    private void Publish(SnapshotWriter writer)
    {
        Rename(writer, StorageFiles.Snapshot);
        _newest = Describe(writer);
        Ended(writer);
        var others = StorageFiles.Snapshots(
            options.Directory, options.Disk.ListFiles(options.Directory), StorageFiles.Snapshot)
            .Where(s => PathOf(s.Name) != writer.CurrentPath).ToArray();
        foreach (var (_, _, name) in others)
            options.Disk.Delete(PathOf(name));
        if (others.Length > 0)
            options.Disk.SyncDirectory(options.Directory);
    }

    private SnapshotReader Open(StoredSnapshot found)
    {
        var cipher = keys.ToRead(found.Path, found.Header.KeyId, found.Header.Salt, found.Header.Purpose);
        var file = options.Disk.Open(found.Path);
        return new SnapshotReader(found, new SnapshotData(
            found.Path, file, found.Seed, new SnapshotBlocks(found.Seed, cipher), found.DataBytes));
    }

    private static StoredSnapshot Describe(SnapshotWriter writer) =>
        new(writer.CurrentPath, writer.Mark, writer.Header, writer.Seed)
        {
            LengthBytes = writer.DataBytes - writer.PrefixBytes, PrefixBytes = writer.PrefixBytes,
        };

    private void Rename(SnapshotWriter writer, string suffix)
    {
        var path = PathOf(StorageFiles.SnapshotName(writer.Mark.Index, writer.Mark.Term, suffix));
        options.Disk.Rename(writer.CurrentPath, path);
        writer.Named(path);
        options.Disk.SyncDirectory(options.Directory);
    }
}
