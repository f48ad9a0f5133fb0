using Swarm.Raft.Storage;

namespace Swarm.Raft.Tests.Storage;

public sealed class FullDiskTests : StorageBed
{
    public FullDiskTests() => ReserveBytes = 48 << 10;

    private long FreeBytes
    {
        set => Disk.CapacityBytes = Disk.UsedBytes + value;
    }

    /// <summary>The alarm comes while the segment in use still has room, and goes when there is room again.</summary>
    [Fact]
    public void A_full_disk_is_known_before_the_last_bytes_are_used_and_forgotten_when_there_is_room()
    {
        using (var storage = RaftStorage.Open(Options, out _))
        {
            Assert.False(storage.IsFull);
            FreeBytes = 1000;
            var index = 0UL;
            while (!storage.IsFull)
                Fill(storage, ++index, index);
            Fill(storage, index + 1, index + 20);
            storage.Compact(0);
            Assert.True(storage.IsFull);
            FreeBytes = 100_000;
            storage.Compact(0);
            Assert.False(storage.IsFull);
            Fill(storage, index + 21, index + 100);
        }
        Assert.True(Reopen().Entries.Count > 100);
    }

    [Fact]
    public void What_was_accepted_is_written_into_the_reserve_and_the_reserve_comes_back()
    {
        using var storage = RaftStorage.Open(Options, out _);
        FreeBytes = 0;
        Fill(storage, 1, 300);
        Assert.True(storage.IsFull);
        Assert.DoesNotContain(Disk.Names, n => n.EndsWith("reserve", StringComparison.Ordinal));
        storage.Compact(0);
        Assert.True(storage.IsFull);
        FreeBytes = 500_000;
        storage.Compact(0);
        Assert.False(storage.IsFull);
        Assert.Contains(Disk.Names, n => n.EndsWith("reserve", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_any_room_left_the_member_ends_and_keeps_what_was_synced()
    {
        var done = 0UL;
        using (var storage = RaftStorage.Open(Options, out _))
        {
            FreeBytes = 0;
            var failed = Assert.Throws<StorageFailedException>(() =>
            {
                for (; done < 10_000; done++)
                    Fill(storage, done + 1, done + 1);
            });
            Assert.True(failed.IsNoSpace);
            Disk.CapacityBytes = long.MaxValue;
            Assert.Throws<StorageFailedException>(() => Fill(storage, done + 1, done + 1));
        }
        Assert.InRange((ulong)Reopen().Entries.Count, done, done + 1);
    }

    /// <summary>A start needs room for the newest segment: the reserve gives it.</summary>
    [Fact]
    public void A_member_starts_on_a_full_disk_and_goes_on()
    {
        using (var storage = RaftStorage.Open(Options, out _))
            Fill(storage, 1, 10);
        foreach (var name in Disk.Names.Where(n => n.EndsWith(".tmp", StringComparison.Ordinal)))
            Disk.Delete(name);
        FreeBytes = 0;
        using var again = RaftStorage.Open(Options, out var state);
        Assert.Equal(10, state.Entries.Count);
        Assert.True(again.IsFull);
        Fill(again, 11, 40);
        Disk.CapacityBytes = long.MaxValue;
        again.Compact(0);
        Assert.False(again.IsFull);
    }

    [Fact]
    public void Compaction_gives_the_space_that_ends_the_alarm()
    {
        SegmentBytes = 4 << 10;
        using var storage = RaftStorage.Open(Options, out _);
        Fill(storage, 1, 200);
        FreeBytes = 4096;
        Fill(storage, 201, 240);
        Assert.True(storage.IsFull);
        Snapshot(storage, Mark(230), 1000);
        storage.Compact(230);
        storage.Compact(230);
        Assert.False(storage.IsFull);
    }

    [Fact]
    public void Without_a_reserve_the_alarm_still_comes_first()
    {
        ReserveBytes = 0;
        using var storage = RaftStorage.Open(Options, out _);
        FreeBytes = 0;
        var index = 0UL;
        while (!storage.IsFull)
            Fill(storage, ++index, index);
        Fill(storage, index + 1, index + 10);
    }
}
