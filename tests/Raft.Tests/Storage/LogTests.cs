using Swarm.Raft.Storage;

namespace Swarm.Raft.Tests.Storage;

/// <summary>What is written is what is read.</summary>
public sealed class LogTests : StorageBed
{
    [Fact]
    public void What_was_written_is_read_in_order_with_truncations_and_the_last_hard_state()
    {
        using (var storage = RaftStorage.Open(Options, out var empty))
        {
            Assert.True(empty.IsEmpty);
            storage.Append(new HardState(1, new RaftId(7), 0), [Entry(1), Entry(2), Entry(3)], true);
            storage.Append(new HardState(2, RaftId.None, 1), [Entry(2, 2)], true);
        }
        var state = Reopen();
        Assert.Equal(new HardState(2, RaftId.None, 1), state.HardState);
        Assert.Equal([(1UL, 1UL), (2, 2)], state.Entries.Select(e => (e.Index, e.Term)));
        Assert.Equal(Entry(2, 2).Data.ToArray(), state.Entries[1].Data.ToArray());
        Assert.False(state.IsEmpty);
        Assert.Empty(state.Notes);
    }

    [Theory]
    [InlineData(4 << 10)]
    [InlineData(16 << 10)]
    public void A_log_of_many_segments_is_read_whole_and_each_that_is_missing_is_damage(int segmentBytes)
    {
        SegmentBytes = segmentBytes;
        using (var storage = RaftStorage.Open(Options, out _))
        {
            for (ulong i = 1; i <= 90; i++)
                storage.Append(new HardState(1, RaftId.None, i - 1), [Entry(i, 1, (int)i * 20)], true);
        }
        Assert.Equal(90, Reopen().Entries.Count);
        var copy = Copy();
        var segments = copy.Keys.Where(n => n.EndsWith(".wal", StringComparison.Ordinal)).ToArray();
        Assert.True(segments.Length > 4);
        foreach (var segment in segments)
        {
            Restore(copy);
            Disk.Delete(segment);
            Assert.Throws<StorageCorruptException>(() => Reopen());
        }
    }

    [Fact]
    public void An_entry_larger_than_a_segment_gets_one_of_its_own()
    {
        using (var storage = RaftStorage.Open(Options, out _))
            storage.Append(null, [Entry(1), Entry(2, 1, 40_000), Entry(3), Entry(4, 1, 100_000)], true);
        Assert.Equal([80, 40_000, 80, 100_000], Reopen().Entries.Select(e => e.Data.Length));
        Assert.Equal(4, Reopen().Entries.Count);
    }

    [Fact]
    public void One_append_of_many_entries_is_one_sync_of_the_records_and_their_copy()
    {
        SegmentBytes = 1 << 20;
        using var storage = RaftStorage.Open(Options, out _);
        var (writes, syncs) = (Disk.WriteCount, Disk.SyncCount);
        storage.Append(
            new HardState(1, RaftId.None, 0), [.. Enumerable.Range(1, 64).Select(i => Entry((ulong)i))], true);
        Assert.Equal((writes + 2, syncs + 1), (Disk.WriteCount, Disk.SyncCount));
        storage.Append(new HardState(1, RaftId.None, 5), [], sync: false);
        Assert.Equal((writes + 3, syncs + 1), (Disk.WriteCount, Disk.SyncCount));
        storage.Append(null, [], sync: true);
        Assert.Equal((writes + 4, syncs + 2), (Disk.WriteCount, Disk.SyncCount));
    }

    /// <summary>A write without a copy is followed by a mark that proves it, and that is synced before it
    /// counts.</summary>
    [Fact]
    public void A_write_that_is_too_long_for_a_copy_is_synced_twice()
    {
        using var storage = RaftStorage.Open(Options, out _);
        var syncs = Disk.SyncCount;
        storage.Append(null, [Entry(1, 1, 5_000)], true);
        Assert.Equal(syncs + 2, Disk.SyncCount);
    }

    /// <summary>R33: after the first failure nothing is taken any more, whatever the disk says later.</summary>
    [Theory]
    [InlineData("sync")]
    [InlineData("write")]
    public void A_failed_write_or_sync_is_final(string operation)
    {
        using var storage = RaftStorage.Open(Options, out _);
        Disk.Fails = (what, _) => what == operation;
        Assert.Throws<StorageFailedException>(() => storage.Append(null, [Entry(1)], sync: true));
        Disk.Fails = null;
        Assert.Throws<StorageFailedException>(() => storage.Append(null, [Entry(1)], sync: true));
    }

    [Fact]
    public void A_segment_is_made_in_line_when_the_one_made_aside_is_late()
    {
        var late = new List<Action>();
        using (var storage = RaftStorage.Open(Options with { Aside = late.Add }, out _))
        {
            Fill(storage, 1, 300);
            late.ForEach(work => work());
            late.Clear();
            Fill(storage, 301, 600);
        }
        Assert.Equal(600, Reopen().Entries.Count);
    }

    [Fact]
    public void What_fails_aside_ends_the_member_at_the_next_write()
    {
        using var storage = RaftStorage.Open(Options, out _);
        Disk.Fails = (what, path) =>
            what == "sync" && path.EndsWith(".tmp", StringComparison.Ordinal) && Disk.UsedBytes > 100_000;
        var failed = Assert.Throws<StorageFailedException>(() => Fill(storage, 1, 900));
        Assert.Equal(5, failed.Errno);
    }

    [Fact]
    public void A_directory_has_one_owner_and_one_member()
    {
        using (var storage = RaftStorage.Open(Options, out _))
        {
            Fill(storage, 1, 3);
            Assert.Throws<StorageRefusedException>(() => RaftStorage.Open(Options, out _));
        }
        Assert.Throws<StorageRefusedException>(() => RaftStorage.Open(Options with { Id = new RaftId(8) }, out _));
        Assert.Throws<StorageRefusedException>(() => RaftStorage.Open(Options with { ClusterId = "c2" }, out _));
        Assert.Equal(3, Reopen().Entries.Count);
    }

    /// <summary>An identity without a log must be noticed: rule (e) of what papers say about disks.</summary>
    [Fact]
    public void A_directory_says_whether_it_ever_held_anything()
    {
        Assert.False(RaftStorage.Exists(Disk, Folder));
        Assert.True(Reopen().IsEmpty);
        Assert.True(RaftStorage.Exists(Disk, Folder));
        Assert.False(RaftStorage.Exists("/nonexistent/raft"));
    }

    [Fact]
    public void A_file_that_only_looks_like_a_segment_is_refused_by_name()
    {
        Reopen();
        Disk.SetBytes("/raft/copy-of-1.wal", [1]);
        Assert.Contains(
            "copy-of-1.wal", Assert.Throws<StorageRefusedException>(() => Reopen()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_segment_length_is_taken_at_the_next_start()
    {
        using (var storage = RaftStorage.Open(Options, out _))
            Fill(storage, 1, 20);
        SegmentBytes = 64 << 10;
        using (var storage = RaftStorage.Open(Options, out _))
            Fill(storage, 21, 200);
        SegmentBytes = 4 << 10;
        Assert.Equal(200, Reopen().Entries.Count);
        Assert.Equal(200, Reopen().Entries.Count);
    }
}
