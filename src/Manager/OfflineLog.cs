using Swarm.Model;
using Swarm.Raft;
using Swarm.Raft.Storage;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>What the log of a manager that is stopped holds.</summary>
/// <param name="State">The state after its last entry.</param>
/// <param name="Term">Not before that of its last entry, and of its last vote.</param>
/// <param name="KeptEntries">Entries behind the last one that was known to be committed.</param>
public sealed record OfflineState(ClusterState State, ulong Term, ulong KeptEntries);

/// <summary>The log of a manager that does not run: read as a whole, or begun anew from a state.</summary>
public static class OfflineLog
{
    /// <summary>
    /// Reads snapshot and entries to the end of the log. What is behind the commit index is kept: it may have been
    /// acknowledged by managers that are gone, and what was not has an outcome that nobody was told.
    /// </summary>
    /// <exception cref="IOException">The log is damaged, locked, or not this manager's.</exception>
    public static OfflineState Read(ManagerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Guarded(() => ReadWhole(ManagerNode.RaftOptions(options, null)));
    }

    /// <summary>Writes a log whose base is a state and whose only member is this manager. Durable when it
    /// returns.</summary>
    /// <exception cref="IOException">There is a log already, or it could not be written.</exception>
    public static void Begin(ManagerOptions options, ClusterState state, ulong term)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(state);
        Invariant.Check(state.Cluster is { } cluster && cluster.Epoch == options.Epoch);
        Guarded(() =>
        {
            RaftNode.Rebuild(
                ManagerNode.RaftOptions(options, null),
                new RaftMember(options.RaftId, options.AdvertiseAddress.ToString(), false, options.NodeId.Value),
                state.LastIndex, term, target => SnapshotCodec.Write(state, target));
            return true;
        });
    }

    private static OfflineState ReadWhole(RaftNodeOptions raft)
    {
        using var storage = RaftStorage.Open(
            new StorageOptions
            {
                Disk = raft.Disk, Directory = raft.Directory, ClusterId = raft.ClusterId, Id = raft.Id,
                SegmentBytes = raft.SegmentBytes, Keys = raft.Keys,
            },
            out var stored);
        var state = ReadSnapshot(storage);
        foreach (var entry in stored.Entries)
        {
            state = entry.Index <= state.LastIndex ? state
                : entry.Type == EntryType.Normal
                    ? state.Apply(EntryCodec.Decode(entry.Data.Span), entry.Index).State
                    : state.Skip(entry.Index);
        }

        var last = stored.Entries.Count > 0 ? stored.Entries[^1].Index : state.LastIndex;
        var committed = Math.Max(stored.HardState.Commit, stored.Snapshot?.Index ?? 0);
        return new OfflineState(state, Term(stored), last > committed ? last - committed : 0);
    }

    private static ClusterState ReadSnapshot(RaftStorage storage)
    {
        using var snapshot = storage.OpenSnapshot();
        if (snapshot is null)
        {
            return ClusterState.Empty;
        }

        var bytes = new byte[snapshot.LengthBytes];
        for (var at = 0; at < bytes.Length;)
        {
            var piece = Math.Min(bytes.Length - at, RaftLimits.SnapshotChunkBytes);
            snapshot.Read(at, bytes.AsSpan(at, piece));
            at += piece;
        }

        var state = SnapshotCodec.Decode(bytes);
        return snapshot.Mark.Index > state.LastIndex ? state.Skip(snapshot.Mark.Index) : state;
    }

    private static ulong Term(StoredState stored) => Math.Max(
        stored.HardState.Term,
        stored.Entries.Count > 0 ? stored.Entries[^1].Term : stored.Snapshot?.Term ?? 0);

    private static T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is StorageCorruptException or StorageRefusedException or StorageFailedException
            or InvalidDataException)
        {
            throw new IOException(e.Message, e);
        }
    }
}
