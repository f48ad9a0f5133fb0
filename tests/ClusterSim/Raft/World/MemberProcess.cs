using Swarm.Raft;
using Swarm.Raft.Core;
using Swarm.Raft.Storage;
using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>What one life of a member has in memory.</summary>
internal sealed class MemberProcess
{
    public const string Directory = "/raft";

    private MemberProcess(RaftMachine machine, SimStore store) => (Machine, Store) = (machine, store);

    public RaftMachine Machine { get; }

    public RaftCore Core => Machine.Core;

    public SimStore Store { get; }

    /// <summary>The watchdog's patience with it.</summary>
    public required int StallTimeoutMs { get; init; }

    /// <summary>Writes the log that all members of a new cluster begin with.</summary>
    public static void Bootstrap(World world, SimMember member, RaftConfiguration configuration)
    {
        using var storage = RaftStorage.Open(Storage(world, Options(world, member)), out _);
        storage.Append(
            new HardState(1, RaftId.None, 1), [new(1, 1, EntryType.ConfChange, configuration.Encode())], sync: true);
    }

    /// <summary>Writes a log whose base is a state and whose only member this is: a new cluster from an old
    /// one.</summary>
    public static void Rebuild(World world, SimMember member, ulong term, ClusterState state)
    {
        var options = Options(world, member);
        RaftNode.Rebuild(
            options, member.Self, state.LastIndex, term, target => SnapshotCodec.Write(state, target));
    }

    /// <summary>What the disk of a member that does not run holds, to the end of its log.</summary>
    public static (ClusterState State, ulong Term) ReadOffline(World world, SimMember member)
    {
        using var storage = RaftStorage.Open(Storage(world, Options(world, member)), out var stored);
        var state = ClusterState.Empty;
        using (var snapshot = storage.OpenSnapshot())
        {
            if (snapshot is not null)
            {
                using var stream = new SnapshotReadStream(snapshot);
                state = SnapshotCodec.Read(stream);
            }
        }
        foreach (var entry in stored.Entries.Where(e => e.Index > state.LastIndex))
        {
            state = entry.Type == EntryType.Normal
                ? state.Apply(EntryCodec.Decode(entry.Data.Span), entry.Index).State
                : state.Skip(entry.Index);
        }
        var lastTerm = stored.Entries.Count > 0 ? stored.Entries[^1].Term : stored.Snapshot?.Term ?? 0;
        return (state, Math.Max(stored.HardState.Term, lastTerm));
    }

    public static MemberProcess Start(World world, SimMember member, ulong seed)
    {
        var options = Options(world, member);
        var storage = RaftStorage.Open(Storage(world, options), out var stored);
        var store = new SimStore(member, member.Checks);
        var machine = new RaftMachine(options, new RaftParts(storage, stored, member, store, seed));
        machine.AsideEnded = member.Wake;
        return new MemberProcess(machine, store) { StallTimeoutMs = options.StallTimeoutMs };
    }

    private static StorageOptions Storage(World world, RaftNodeOptions options) =>
        options.Storage with { NewSalt = world.Dice.Bytes };

    private static RaftNodeOptions Options(World world, SimMember member) => new()
    {
        Disk = member.Disk,
        Directory = Directory,
        ClusterId = member.ClusterId,
        Id = member.Id,
        Address = member.Self.Address,
        SegmentBytes = world.Plan.SegmentBytes,
        Keys = member.Keys,
        SnapshotEveryEntries = world.Plan.SnapshotEveryEntries,
        KeepEntries = world.Plan.KeepEntries,
        MaxUncommittedEntries = world.Plan.MaxUncommittedEntries,
        TimeProvider = member.Clock,
        Aside = member.RunAside,
    };
}
