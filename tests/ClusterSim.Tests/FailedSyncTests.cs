using Swarm.ClusterSim.Disk;
using Swarm.Raft;
using Swarm.Raft.Storage;

namespace Swarm.ClusterSim.Tests;

/// <summary>
/// After a sync that failed the page cache shows what the medium does not have. Whichever sync of a small log fails:
/// the process is started again, goes on, and loses its power; nothing that was acknowledged is gone, and it starts.
/// </summary>
public sealed class FailedSyncTests
{
    private const int Entries = 40;
    private const int Syncs = 120;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whichever_sync_fails_nothing_acknowledged_is_lost(ulong seed)
    {
        for (var failing = 0; failing < Syncs; failing++)
        {
            var disk = new SimDisk(new Dice(seed + (ulong)failing), new Coverage()) { FailSyncIn = failing };
            var acknowledged = Write(disk, 0);
            disk.KillProcess();
            acknowledged = Write(disk, acknowledged);
            disk.CutPower();
            using var storage = Open(disk, out var state);
            Assert.True(
                state.Entries.Count >= acknowledged,
                $"sync {failing}: {state.Entries.Count} of {acknowledged} entries");
        }
    }

    /// <summary>Goes on after what is there, up to so many entries, and says how many were acknowledged.</summary>
    private static int Write(SimDisk disk, int acknowledged)
    {
        try
        {
            using var storage = Open(disk, out var state);
            Assert.True(state.Entries.Count >= acknowledged, "entries were gone when the process was started again");
            for (var i = state.Entries.Count + 1; i <= Entries; i++)
            {
                var entry = new RaftEntry((ulong)i, 1, EntryType.Normal, new byte[60]);
                storage.Append(new HardState(1, RaftId.None, (ulong)i - 1), [entry], sync: true);
                acknowledged = i;
            }
        }
        catch (StorageFailedException)
        {
            // The process ends; the caller starts it again.
            return acknowledged;
        }
        return acknowledged;
    }

    private static RaftStorage Open(SimDisk disk, out StoredState state) => RaftStorage.Open(
        new StorageOptions
        {
            Disk = disk, Directory = "/raft", ClusterId = "c", Id = new RaftId(1), SegmentBytes = 4 << 10,
            Aside = work => work(),
        },
        out state);
}
