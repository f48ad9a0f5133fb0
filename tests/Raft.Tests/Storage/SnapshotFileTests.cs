using Swarm.Raft.Storage;

namespace Swarm.Raft.Tests.Storage;

public sealed class SnapshotFileTests : StorageBed
{
    private string Newest => Disk.Names.Last(n => n.EndsWith(".snap", StringComparison.Ordinal));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Start_is_the_snapshot_and_the_entries_from_at_most_one_after_it(bool withKey)
    {
        (Keys, SegmentBytes) = (withKey ? [Key(1)] : [], 4 << 10);
        using (var storage = RaftStorage.Open(Options, out _))
        {
            Fill(storage, 1, 80);
            Snapshot(storage, Mark(70));
            var before = storage.LogBytes;
            storage.Compact(upToIndex: 80);
            Assert.True(storage.LogBytes < before);
            Assert.Equal(3000, storage.SnapshotBytes);
        }
        var state = Reopen();
        Assert.Equal(70UL, state.Snapshot!.Index);
        Assert.Equal(Members.Encode(), state.Snapshot.Configuration.Encode());
        Assert.InRange(state.Entries[0].Index, 2UL, 71UL);
        Assert.Equal(80UL, state.Entries[^1].Index);
        Assert.Equal(new HardState(1, new RaftId(7), 79), state.HardState);
        using var again = RaftStorage.Open(Options, out _);
        Assert.Equal(State(70), ReadAll(again.OpenSnapshot()));
    }

    [Fact]
    public void Compaction_keeps_what_the_snapshot_does_not_have()
    {
        SegmentBytes = 4 << 10;
        using (var storage = RaftStorage.Open(Options, out _))
        {
            Fill(storage, 1, 80);
            storage.Compact(upToIndex: 80);
            Assert.Equal(1UL, Reread(storage));
            Snapshot(storage, Mark(40));
            storage.Compact(upToIndex: 80);
        }
        Assert.InRange(Reopen().Entries[0].Index, 2UL, 41UL);

        static ulong Reread(RaftStorage storage) => storage.OpenSnapshot() is null ? 1UL : 0;
    }

    [Fact]
    public void A_snapshot_is_read_from_any_offset_and_for_as_long_as_it_is_open()
    {
        using var storage = RaftStorage.Open(Options, out _);
        Fill(storage, 1, 5);
        const int block = SnapshotBlocks.DataBytes;
        const int length = (3 * block) + 77;
        Snapshot(storage, Mark(3), length);
        using var old = storage.OpenSnapshot();
        Snapshot(storage, Mark(5));
        Assert.Single(Disk.Names, n => n.EndsWith(".snap", StringComparison.Ordinal));
        foreach (var offset in new[] { 0, 1, block - 1, block, (2 * block) - 50, length - 100, 0 })
        {
            var bytes = new byte[100];
            old!.Read(offset, bytes);
            Assert.Equal(State(3, length)[offset..(offset + 100)], bytes);
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => old!.Read(length - 1, new byte[2]));
    }

    [Fact]
    public void An_empty_state_is_a_snapshot_too()
    {
        using (var storage = RaftStorage.Open(Options, out _))
        {
            Fill(storage, 1, 2);
            Snapshot(storage, Mark(2), 0);
        }
        using var again = RaftStorage.Open(Options, out var state);
        Assert.Equal(2UL, state.Snapshot!.Index);
        Assert.Empty(ReadAll(again.OpenSnapshot()));
    }

    [Fact]
    public void An_older_snapshot_never_replaces_a_newer_one_and_one_without_commit_is_gone()
    {
        using var storage = RaftStorage.Open(Options, out _);
        Fill(storage, 1, 9);
        using (var slow = storage.BeginSnapshot(Mark(4)))
        {
            Snapshot(storage, Mark(8));
            slow.Commit();
        }
        using (var given = storage.BeginSnapshot(Mark(9)))
            given.Write(new byte[1000]);
        using var newest = storage.OpenSnapshot();
        Assert.Equal(8UL, newest!.Mark.Index);
        Assert.Single(Disk.Names, n => n.Contains("snap", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_snapshot_with_any_byte_flipped_or_cut_at_any_length_is_never_taken_for_another_state(bool withKey)
    {
        Keys = withKey ? [Key(1)] : [];
        using (var storage = RaftStorage.Open(Options, out _))
        {
            Fill(storage, 1, 3);
            Install(storage, Mark(20), 300);
        }
        var whole = Disk.Bytes(Newest).ToArray();
        for (var at = 0; at < whole.Length; at++)
        {
            var flipped = whole.ToArray();
            flipped[at] ^= (byte)(1 << (at % 8));
            Disk.SetBytes(Newest, flipped);
            Assert.Throws<StorageCorruptException>(() => Reopen());
            Disk.SetBytes(Newest, whole[..at]);
            Assert.Throws<StorageCorruptException>(() => Reopen());
        }
    }

    [Fact]
    public void A_damaged_snapshot_is_passed_over_only_when_the_log_has_all_that_it_contains()
    {
        SegmentBytes = 4 << 10;
        using (var storage = RaftStorage.Open(Options, out _))
        {
            Fill(storage, 1, 80);
            Snapshot(storage, Mark(40));
        }
        var older = (Newest, Disk.Bytes(Newest).ToArray());
        using (var storage = RaftStorage.Open(Options, out _))
            Snapshot(storage, Mark(70));
        var (name, bytes) = (Newest, Disk.Bytes(Newest).ToArray());
        bytes[600] ^= 1;
        Disk.SetBytes(name, bytes);
        var fromTheStart = Reopen();
        Assert.Null(fromTheStart.Snapshot);
        Assert.Equal((1UL, 80UL), (fromTheStart.Entries[0].Index, fromTheStart.Entries[^1].Index));
        Assert.Contains(name, Assert.Single(fromTheStart.Notes), StringComparison.Ordinal);
        Disk.SetBytes(older.Newest, older.Item2);
        Assert.Equal(40UL, Reopen().Snapshot!.Index);
        using (var storage = RaftStorage.Open(Options, out _))
            storage.Compact(40);
        Assert.Equal(40UL, Reopen().Snapshot!.Index);
        Disk.Delete(older.Newest);
        var damage = Assert.Throws<StorageCorruptException>(() => Reopen());
        Assert.Equal((name, 512L), (damage.File, damage.Offset));
    }

    /// <summary>A snapshot that is written aside while its member ends: the next owner of the directory is not
    /// hurt.</summary>
    [Fact]
    public void Who_still_writes_a_snapshot_when_its_storage_is_closed_changes_nothing()
    {
        var storage = RaftStorage.Open(Options, out _);
        Fill(storage, 1, 5);
        var late = storage.BeginSnapshot(Mark(4));
        storage.Dispose();
        using (var next = RaftStorage.Open(Options, out _))
        {
            Snapshot(next, Mark(5));
            using var other = next.BeginSnapshot(Mark(5));
            late.Write(new byte[100_000]);
            Assert.Throws<ObjectDisposedException>(late.Commit);
            late.Dispose();
            Assert.Throws<ObjectDisposedException>(() => storage.BeginSnapshot(Mark(3)));
            other.Write(new byte[100_000]);
        }
        Assert.Equal(5UL, Reopen().Snapshot!.Index);
    }

    [Fact]
    public void Damage_after_the_start_is_noticed_when_it_is_read()
    {
        using var storage = RaftStorage.Open(Options, out _);
        Fill(storage, 1, 3);
        Snapshot(storage, Mark(3));
        Disk.Bytes(Newest)[700] ^= 1;
        Assert.Throws<StorageCorruptException>(() => ReadAll(storage.OpenSnapshot()));
    }

    [Theory]
    [InlineData(".wal")]
    [InlineData(".snap")]
    public void A_snapshot_without_its_log_and_a_log_without_its_snapshot_are_damage(string missing)
    {
        using (var storage = RaftStorage.Open(Options, out _))
        {
            Fill(storage, 1, 3);
            Install(storage, Mark(30));
        }
        foreach (var name in Disk.Names.Where(n => n.EndsWith(missing, StringComparison.Ordinal)))
            Disk.Delete(name);
        Assert.Throws<StorageCorruptException>(() => Reopen());
    }

    [Fact]
    public void Entries_after_an_installed_snapshot_follow_it_and_what_was_before_is_gone()
    {
        SegmentBytes = 4 << 10;
        using (var storage = RaftStorage.Open(Options, out _))
        {
            Fill(storage, 1, 90);
            Install(storage, Mark(60, 3));
            storage.Append(null, [Entry(61, 3), Entry(62, 3)], sync: true);
        }
        var state = Reopen();
        Assert.Equal([61UL, 62UL], state.Entries.Select(e => e.Index));
        Assert.Equal(new HardState(3, RaftId.None, 60), state.HardState);
        Assert.Single(Disk.Names, n => n.EndsWith(".wal", StringComparison.Ordinal));
    }

    /// <summary>R15: a log that has the snapshot's last entry keeps what follows it.</summary>
    [Fact]
    public void A_log_that_has_the_last_entry_of_a_received_snapshot_stays()
    {
        using (var storage = RaftStorage.Open(Options, out _))
        {
            storage.Append(
                new HardState(1, RaftId.None, 2), [.. Enumerable.Range(1, 9).Select(i => Entry((ulong)i))], true);
            Install(storage, Mark(5));
        }
        var state = Reopen();
        Assert.Equal((5UL, 9UL, 5UL), (state.Snapshot!.Index, state.Entries[^1].Index, state.HardState.Commit));
    }

    [Fact]
    public void A_snapshot_for_which_there_is_no_room_leaves_nothing_and_hurts_nothing()
    {
        using var storage = RaftStorage.Open(Options, out _);
        Fill(storage, 1, 5);
        Disk.CapacityBytes = Disk.UsedBytes + 100_000;
        var failed = Assert.Throws<StorageFailedException>(() => Snapshot(storage, Mark(5), 500_000));
        Assert.True(failed.IsNoSpace);
        Fill(storage, 6, 8);
        Assert.DoesNotContain(Disk.Names, n => n.EndsWith(".snap", StringComparison.Ordinal));
        Snapshot(storage, Mark(8), 50_000);
    }
}
