using System.Text;
using Swarm.Raft.Storage;
using Swarm.Raft.Testing;

namespace Swarm.Raft.Tests.Storage;

/// <summary>A storage on a disk in memory, and short words for what tests do with it.</summary>
public abstract class StorageBed
{
    protected const string Folder = "/raft";
    protected const string FirstSegment = "/raft/0000000000000001.wal";
    protected static readonly RaftConfiguration Members = new([new(new RaftId(7), "10.0.0.1:1", false, "n1")], []);

    protected MemoryDisk Disk { get; set; } = new();

    protected IReadOnlyList<DataKey> Keys { get; set; } = [];

    protected int SegmentBytes { get; set; } = 16 << 10;

    protected long? ReserveBytes { get; set; } = 0;

    internal StorageOptions Options => new()
    {
        Disk = Disk, Directory = Folder, ClusterId = "c1", Id = new RaftId(7), SegmentBytes = SegmentBytes,
        Aside = static work => work(), Keys = Keys, ReserveBytes = ReserveBytes,
    };

    protected static DataKey Key(byte number) =>
        new(new Guid(number, 0, 0, new byte[8]), Enumerable.Repeat(number, DataKey.KeyBytes).ToArray());

    protected static RaftEntry Entry(ulong index, ulong term = 1, int bytes = 80) => new(
        index, term, EntryType.Normal, Encoding.UTF8.GetBytes($"canary {index}/{term}".PadRight(bytes, '.')));

    protected static SnapshotMark Mark(ulong index, ulong term = 1) => new(index, term, Members);

    protected static byte[] State(ulong index, int bytes = 3000) =>
        Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat($"state {index};", (bytes / 8) + 1)))[..bytes];

    internal static void Fill(RaftStorage storage, ulong from, ulong to, ulong term = 1)
    {
        for (var i = from; i <= to; i++)
            storage.Append(new HardState(term, new RaftId(7), i - 1), [Entry(i, term)], sync: true);
    }

    internal static void Snapshot(RaftStorage storage, SnapshotMark mark, int bytes = 3000)
    {
        using var writer = storage.BeginSnapshot(mark);
        writer.Write(State(mark.Index, bytes));
        writer.Commit();
    }

    internal static void Install(RaftStorage storage, SnapshotMark mark, int bytes = 3000)
    {
        using var received = storage.BeginSnapshot(mark);
        received.Write(State(mark.Index, bytes));
        storage.InstallSnapshot(received, new HardState(mark.Term, RaftId.None, mark.Index));
    }

    internal static byte[] ReadAll(SnapshotReader? reader)
    {
        using (reader)
        {
            Assert.NotNull(reader);
            var bytes = new byte[reader.LengthBytes];
            reader.Read(0, bytes);
            return bytes;
        }
    }

    protected static string Describe(StoredState state) =>
        $"{state.Snapshot?.Index.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-"} {state.HardState} "
        + string.Join(",", state.Entries.Select(e => $"{e.Index}/{e.Term}/{Encoding.UTF8.GetString(e.Data.Span)}"));

    protected StoredState Reopen()
    {
        using var storage = RaftStorage.Open(Options, out var state);
        return state;
    }

    /// <summary>What is read, or "refused".</summary>
    protected string TryRead()
    {
        try
        {
            using var storage = RaftStorage.Open(Options, out var state);
            if (state.Snapshot is { } mark)
                Assert.Equal(State(mark.Index), ReadAll(storage.OpenSnapshot()));
            return Describe(state);
        }
        catch (Exception e) when (e is StorageCorruptException or StorageRefusedException)
        {
            return "refused";
        }
    }

    /// <summary>A picture of the whole disk, to begin from it again.</summary>
    protected Dictionary<string, byte[]> Copy() => Disk.Names.ToDictionary(n => n, n => Disk.Bytes(n).ToArray());

    protected void Restore(IReadOnlyDictionary<string, byte[]> copy)
    {
        Disk = new MemoryDisk();
        foreach (var (name, bytes) in copy)
            Disk.SetBytes(name, bytes.ToArray());
    }
}
