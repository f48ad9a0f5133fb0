using Swarm.Raft;
using Swarm.Raft.Core;
using Swarm.Raft.Storage;
using Swarm.Raft.Testing;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// One member: the real core and the real log on a disk in memory, which survives crashes as disks do.
/// </summary>
internal sealed class SimMember(RaftId id)
{
    public const string ClusterId = "sim";
    private const int SegmentBytes = 16 << 10;
    private WriteAheadLog? _wal;

    public RaftId Id { get; } = id;

    public MemoryDisk Disk { get; } = new();

    /// <summary>Null while it is down.</summary>
    public RaftCore? Core { get; private set; }

    /// <summary>What the log holds, as written.</summary>
    public List<RaftEntry> Log { get; } = [];

    public ulong Applied { get; private set; }

    /// <summary>Highest term that left in a message: a promise that a restart must keep.</summary>
    public ulong PromisedTerm { get; set; }

    /// <summary>A stopped process: neither ticks nor messages until then, and all that was sent afterwards.</summary>
    public long PausedUntilMs { get; set; }

    /// <summary>Reads asked here: what had been acknowledged anywhere when they were.</summary>
    public Dictionary<ulong, ulong> Reads { get; } = [];

    public RaftCore Running => Core ?? throw new InvalidOperationException($"{Id} is down");

    public void Bootstrap(RaftConfiguration configuration)
    {
        using var wal = WriteAheadLog.Open(Options, out _);
        wal.Append(
            new HardState(1, RaftId.None, 1), [new(1, 1, EntryType.ConfChange, configuration.Encode())], sync: true);
    }

    public void Start(ulong seed)
    {
        _wal = WriteAheadLog.Open(Options, out var contents);
        Log.Clear();
        Log.AddRange(contents.Entries);
        Applied = 0;
        Reads.Clear();
        Core = new RaftCore(
            new RaftCoreOptions { ClusterId = ClusterId, Id = Id, Seed = seed, MaxUncommittedEntries = 200 },
            new RaftPersisted(contents.HardState, contents.Entries));
    }

    public void Write(Ready ready)
    {
        if (ready.HardState is not null || ready.Entries.Count > 0)
            _wal!.Append(ready.HardState, ready.Entries, ready.MustSync);
        foreach (var entry in ready.Entries)
        {
            Log.RemoveRange((int)entry.Index - 1, Log.Count - ((int)entry.Index - 1));
            Log.Add(entry);
        }
    }

    /// <summary>Writes without the sync: what a power cut between both leaves.</summary>
    public void WriteUnsynced(Ready ready) => _wal!.Append(ready.HardState, ready.Entries, sync: false);

    public void OnApplied(ulong index) => Applied = index;

    public void Crash(Func<int, int> dice)
    {
        Core = null;
        _wal?.Dispose();
        _wal = null;
        Disk.Crash(dice);
    }

    private WalOptions Options => new()
    {
        Disk = Disk, Directory = "/raft", ClusterId = ClusterId, Id = Id, SegmentBytes = SegmentBytes,
    };
}
