using Swarm.Raft.Storage;
using Swarm.Raft.Testing;

namespace Swarm.Raft.Tests.Node;

/// <summary>What the log waited for, in buckets.</summary>
public sealed class SyncLatencyTests
{
    [Fact]
    public void Syncs_of_the_log_are_counted_with_their_time_and_nothing_else_is()
    {
        var (clock, disk, syncs) = (new Clock(), new MemoryDisk(), new Latencies());
        var took = TimeSpan.Zero;
        disk.Fails = (operation, _) =>
        {
            clock.Now += operation == "sync" ? took.Ticks : TimeSpan.TicksPerHour;
            return false;
        };
        var options = new StorageOptions
        {
            Disk = new TimedDisk(disk, clock, syncs), Directory = "/r", ClusterId = "c", Id = new RaftId(1),
            SegmentBytes = 1 << 16, Aside = static work => work(),
        };
        using var storage = RaftStorage.Open(options, out _);
        Assert.Equal(0, syncs.Picture.Counts.Sum());
        double[] seconds = [0.00002, 0.0001, 0.003, 4, 60];
        for (var i = 0; i < seconds.Length; i++)
        {
            took = TimeSpan.FromSeconds(seconds[i]);
            storage.Append(null, [new RaftEntry((ulong)i + 1, 1, EntryType.NoOp, default)], sync: true);
        }
        took = TimeSpan.FromSeconds(9);
        using (var snapshot = storage.BeginSnapshot(new SnapshotMark(1, 1, RaftConfiguration.Empty)))
            snapshot.Commit();
        var picture = syncs.Picture;
        Assert.Equal(seconds.Sum(), picture.SumSeconds, 9);
        Assert.Equal(picture.UpperSeconds.Count + 1, picture.Counts.Count);
        Assert.Equal(
            [0.00005, 0.0001, 0.005, 5, double.PositiveInfinity],
            picture.UpperSeconds.Append(double.PositiveInfinity).Where((_, i) => picture.Counts[i] == 1));
    }

    [Fact]
    public void A_sync_that_fails_is_not_counted_and_the_error_is_passed_on()
    {
        var (disk, syncs) = (new MemoryDisk(), new Latencies());
        using (var made = disk.Create("/r/1.wal"))
            made.Write(0, [1]);
        using var file = new TimedDisk(disk, new Clock(), syncs).Open("/r/1.wal");
        disk.Fails = (operation, _) => operation == "sync";
        Assert.Throws<StorageFailedException>(file.Sync);
        Assert.Equal(0, syncs.Picture.Counts.Sum());
    }

    private sealed class Clock : TimeProvider
    {
        public long Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now;
    }
}
