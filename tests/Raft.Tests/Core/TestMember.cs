using Swarm.Raft.Core;

namespace Swarm.Raft.Tests.Core;

/// <summary>A core with a disk: a log, snapshots, and the texts that were applied.</summary>
internal sealed class TestMember(ulong id, RaftPersisted persisted)
{
    private const char Padding = '\0';
    private MemoryStream _incoming = new();
    private SnapshotMark? _mark = persisted.Snapshot;

    public RaftCore Core { get; } = new(
        new RaftCoreOptions
        {
            ClusterId = TestCluster.ClusterId, Id = new RaftId(id), Seed = id, MaxUncommittedEntries = 100,
            KeepEntries = 4,
        },
        persisted);

    public HardState HardState { get; private set; } = persisted.HardState;

    public List<RaftEntry> Log { get; } = [.. persisted.Entries];

    public List<string> Applied { get; private set; } = [];

    public List<ReadState> Reads { get; } = [];

    public bool Down { get; set; }

    /// <summary>It never comes to the end of a snapshot that came in; the test says when it does.</summary>
    public bool ReadsForEver { get; set; }

    public ulong SnapshotIndex => _mark?.Index ?? 0;

    /// <summary>By reference, as files are.</summary>
    public Dictionary<SnapshotMark, byte[]> Snapshots { get; init; } = new(ReferenceEqualityComparer.Instance);

    public byte[] SnapshotBytes => _mark is null ? [] : Snapshots[_mark];

    public RaftPersisted Persisted => new(HardState, [.. Log]) { Snapshot = _mark };

    /// <summary>After a start: the state is what the snapshot says.</summary>
    public void Restore()
    {
        if (_mark is null)
            return;
        Applied = [.. System.Text.Encoding.UTF8.GetString(SnapshotBytes).Trim(Padding)
            .Split(',', StringSplitOptions.RemoveEmptyEntries)];
        Core.SnapshotSaved(new(_mark, (ulong)SnapshotBytes.Length));
    }

    public void TakeSnapshot(int padding)
    {
        _mark = Core.MarkAt(Core.AppliedIndex);
        Snapshots[_mark] = TestCluster.Bytes(string.Join(',', Applied) + new string(Padding, padding));
        Core.SnapshotSaved(new(_mark, (ulong)SnapshotBytes.Length));
        var gone = Core.Compact(all: true);
        Log.RemoveAll(e => e.Index <= gone);
    }

    public bool Settle(Action<RaftMessage> post)
    {
        var moved = false;
        while (Core.TryTakeReady(out var ready))
        {
            moved = true;
            foreach (var message in ready.MessagesBeforeSync)
                post(message);
            Write(ready);
            foreach (var message in ready.Messages)
                post(message);
            foreach (var p in ready.SnapshotReads)
                post(new SnapshotRequest(
                    p.Envelope, p.Transfer, p.Mark, p.Offset,
                    Snapshots[p.Mark].AsMemory((int)p.Offset, p.LengthBytes), p.Last));
            Applied.AddRange(ready.Committed.Where(e => e.Type == EntryType.Normal)
                .Select(e => System.Text.Encoding.UTF8.GetString(e.Data.Span)));
            Reads.AddRange(ready.ReadStates);
            Core.Advance();
            if (ready.Install is not null)
                Restore();
            if (ready.Prepare is not null && !ReadsForEver)
                Core.SnapshotPrepared();
        }
        return moved;
    }

    private void Write(Ready ready)
    {
        foreach (var piece in ready.SnapshotWrites)
        {
            if (piece.Offset == 0)
                _incoming = new MemoryStream();
            Assert.Equal((long)piece.Offset, _incoming.Length);
            _incoming.Write(piece.Data.Span);
        }
        if (ready.Install is { } mark)
        {
            (_mark, HardState) = (mark, ready.InstallState);
            Snapshots[mark] = _incoming.ToArray();
            Log.Clear();
        }
        HardState = ready.HardState ?? HardState;
        foreach (var entry in ready.Entries)
        {
            Log.RemoveAll(e => e.Index >= entry.Index);
            Log.Add(entry);
        }
    }
}
