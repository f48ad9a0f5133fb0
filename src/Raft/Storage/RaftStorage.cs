namespace Swarm.Raft.Storage;

/// <summary>
/// What a member has on disk: the log and the newest snapshot, in one directory with one owner. Everything is called by
/// one thread at a time but for what says otherwise.
/// </summary>
public sealed class RaftStorage : IDisposable
{
    private readonly IDisposable _lock;
    private readonly KeyRing _keys;
    private readonly Housekeeper _house;
    private readonly SnapshotStore _snapshots;
    private readonly WriteAheadLog _log;

    private RaftStorage(StorageOptions options, IDisposable exclusive, out StoredState state)
    {
        _lock = exclusive;
        _keys = new KeyRing(options.Keys);
        _house = new Housekeeper(options);
        _snapshots = new SnapshotStore(options, _keys, _house);
        var names = RemoveUnfinished(options);
        var log = new WalLoader(options, _keys).Load(StorageFiles.Segments(options.Directory, names));
        CheckThereIsALog(options, log, names);
        _snapshots.Load(names, log);
        foreach (var path in log.Void)
            options.Disk.Delete(path);
        if (log.Void.Count > 0)
            options.Disk.SyncDirectory(options.Directory);
        _log = new WriteAheadLog(options, _keys, _house, log);
        _house.Replenish();
        state = new StoredState(_snapshots.Newest?.Mark, log.Replay.HardState, log.Replay.Entries, log.CutBytes)
        {
            Notes = log.Notes,
        };
    }

    /// <summary>
    /// Space on the disk runs out: only the reserve is left. What was accepted can still be written; nothing new should
    /// be accepted. Becomes false by itself when there is space again. Any thread.
    /// </summary>
    public bool IsFull => _house.IsFull;

    /// <summary>Length of the files of the log.</summary>
    public long LogBytes => _log.Bytes;

    /// <summary>Length of the newest durable snapshot; 0 when there is none. Any thread.</summary>
    public long SnapshotBytes => _snapshots.Newest?.LengthBytes ?? 0;

    /// <summary>When the newest durable snapshot was written, by the wall clock of then; null when there is none, or
    /// the disk does not tell.</summary>
    public DateTimeOffset? SnapshotWrittenAt => _snapshots.WrittenAt;

    /// <summary>Ids of the keys without which something here cannot be read; other keys can be
    /// forgotten.</summary>
    public IReadOnlyList<Guid> KeysInUse => [..
        _snapshots.KeyIds.Concat(_log.KeyIds)
        .Where(id => id != Guid.Empty).Distinct()];

    /// <summary>
    /// Takes the directory for itself, reads what is there, cuts a torn tail and rewrites the newest segment. An empty
    /// or missing directory becomes an empty log (<see cref="StoredState.IsEmpty"/>): a member that had one before lost
    /// its promises with it and must not go on under its id; ask <see cref="Exists(string)"/> before.
    /// </summary>
    /// <exception cref="StorageCorruptException">Something is damaged that was durable once.</exception>
    /// <exception cref="StorageRefusedException">Another process, cluster or member owns the directory, or a key is not
    /// there.</exception>
    /// <exception cref="StorageFailedException">The disk failed.</exception>
    public static RaftStorage Open(StorageOptions options, out StoredState state)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Disk.CreateDirectory(options.Directory);
        var exclusive = options.Disk.Lock(Path.Combine(options.Directory, StorageFiles.Lock));
        try
        {
            return new RaftStorage(options, exclusive, out state);
        }
        catch
        {
            exclusive.Dispose();
            throw;
        }
    }

    /// <summary>A log or a snapshot is there, whole or not, of whomever.</summary>
    public static bool Exists(string directory) => Exists(new LinuxDisk(), directory);

    /// <summary>A log or a snapshot is there, whole or not, of whomever.</summary>
    public static bool Exists(IDisk disk, string directory)
    {
        ArgumentNullException.ThrowIfNull(disk);
        return disk.ListFiles(directory).Any(IsOfAMember);
    }

    /// <summary>
    /// Writes entries and hard state. With <paramref name="sync"/> they are on the medium when it returns; without,
    /// after the next one with. An entry whose index is not the next replaces what was from there on. After an
    /// exception nothing is taken any more: the process has to end.
    /// </summary>
    /// <exception cref="StorageFailedException">The disk failed, now or when files were made or deleted
    /// aside.</exception>
    public void Append(HardState? hardState, IReadOnlyList<RaftEntry> entries, bool sync)
    {
        ArgumentNullException.ThrowIfNull(entries);
        _log.Append(hardState, entries, sync);
    }

    /// <summary>A snapshot to be written aside. Any thread.</summary>
    public SnapshotWriter BeginSnapshot(SnapshotMark mark)
    {
        ArgumentNullException.ThrowIfNull(mark);
        return _snapshots.Begin(mark);
    }

    /// <summary>The newest durable snapshot; null when there is none. Any thread.</summary>
    public SnapshotReader? OpenSnapshot() => _snapshots.Open();

    /// <summary>
    /// What was received is complete: makes it durable and opens it, before it counts. Any thread.
    /// </summary>
    /// <exception cref="StorageFailedException">The disk failed, or is full.</exception>
    public SnapshotReader OpenReceived(SnapshotWriter received)
    {
        ArgumentNullException.ThrowIfNull(received);
        return _snapshots.OpenReceived(received);
    }

    /// <summary>
    /// Drops segments whose entries are all at or before an index, but nothing that the newest durable snapshot does
    /// not contain. Also looks whether a full disk has space again.
    /// </summary>
    public void Compact(ulong upToIndex)
    {
        if (_house.IsFull)
            _house.Replenish();
        var index = Math.Min(upToIndex, _snapshots.Newest?.Mark.Index ?? 0);
        if (index > 0)
            _log.Compact(index);
    }

    /// <summary>
    /// Makes a received snapshot the state of this member, atomically and durably. A log that has its last entry stays;
    /// any other is void from here on.
    /// </summary>
    /// <param name="received">Complete.</param>
    /// <param name="hardState">With the snapshot's index as commit.</param>
    public void InstallSnapshot(SnapshotWriter received, HardState hardState)
    {
        ArgumentNullException.ThrowIfNull(received);
        if (!_log.Contains(received.Mark) || Planted.Breaks(Rule.R15Suffix))
        {
            _snapshots.Install(received, () => _log.Rebase(received.Mark, hardState));
            return;
        }
        received.Commit();
        _log.Append(hardState, [], sync: true);
    }

    /// <summary>
    /// What is written from here on is encrypted with this key. Older files stay as they are until a newer snapshot and
    /// <see cref="Compact"/> make them dispensable; <see cref="KeysInUse"/> says when.
    /// </summary>
    public void RotateKey(DataKey newest)
    {
        if (_keys.Newest == Guid.Empty)
            throw new StorageRefusedException("this log is not encrypted: it cannot change its key");
        if (_keys.Add(newest))
            _log.Roll();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _snapshots.Close();
        _house.Dispose();
        _log.Dispose();
        _lock.Dispose();
    }

    /// <summary>The members that the segments of a directory were written by, as far as their headers can be read.
    /// </summary>
    /// <exception cref="StorageRefusedException">A segment is of another format.</exception>
    public static IReadOnlyList<RaftId> OwnersOf(IDisk disk, string directory)
    {
        ArgumentNullException.ThrowIfNull(disk);
        return
        [
            .. disk.ListFiles(directory)
                .Where(static n => n.EndsWith(StorageFiles.Segment, StringComparison.Ordinal))
                .Select(n => SegmentHeader.Read(disk, Path.Combine(directory, n))?.Id)
                .OfType<RaftId>().Distinct(),
        ];
    }

    private static bool IsOfAMember(string name) =>
        name.EndsWith(StorageFiles.Segment, StringComparison.Ordinal)
        || name.EndsWith(StorageFiles.Snapshot, StringComparison.Ordinal)
        || name.EndsWith(StorageFiles.Received, StringComparison.Ordinal);

    private static List<string> RemoveUnfinished(StorageOptions options)
    {
        var names = options.Disk.ListFiles(options.Directory).ToList();
        foreach (var name in names.Where(n => n.EndsWith(StorageFiles.Temporary, StringComparison.Ordinal)))
            options.Disk.Delete(Path.Combine(options.Directory, name));
        names.RemoveAll(n => n.EndsWith(StorageFiles.Temporary, StringComparison.Ordinal));
        return names;
    }

    /// <summary>The log has the promises of this member. A snapshot without one is not enough to go on.</summary>
    private static void CheckThereIsALog(StorageOptions options, LoadedLog log, List<string> names)
    {
        if (log.Last is null && names.Any(IsOfAMember))
            throw new StorageCorruptException(
                Path.Combine(options.Directory, StorageFiles.SegmentName(1)), 0,
                "there is a snapshot, but no segment of the log");
    }
}
