using Swarm.Raft.Storage;
using Swarm.Raft.Testing;

namespace Swarm.Raft.Tests.Storage;

public sealed class WriteAheadLogTests
{
    private const string Directory = "/raft";
    private const string FirstSegment = "/raft/0000000000000001.wal";
    private readonly MemoryDisk _disk = new();

    private WalOptions Options(int segmentBytes = 4096) => new()
    {
        Disk = _disk, Directory = Directory, ClusterId = "c1", Id = new RaftId(7), SegmentBytes = segmentBytes,
    };

    private static RaftEntry Entry(ulong index, ulong term, string data) =>
        new(index, term, EntryType.Normal, System.Text.Encoding.UTF8.GetBytes(data));

    private static string Describe(WalContents c) => $"{c.HardState} "
        + string.Join(",", c.Entries.Select(e => $"{e.Index}/{e.Term}/{Convert.ToHexString(e.Data.Span)}"));

    private string Read(int segmentBytes = 4096)
    {
        using var wal = WriteAheadLog.Open(Options(segmentBytes), out var contents);
        return Describe(contents);
    }

    /// <summary>Three synced writes, each with an entry and a hard state; returns what each leaves behind.</summary>
    private List<string> WriteThree()
    {
        List<string> states = [Read()];
        for (ulong i = 1; i <= 3; i++)
        {
            using (var wal = WriteAheadLog.Open(Options(), out _))
                wal.Append(new HardState(i, new RaftId(i), i - 1), [Entry(i, i, $"entry {i}")], sync: true);
            states.Add(Read());
        }
        return states;
    }

    [Fact]
    public void What_was_written_is_read_in_order_with_truncations_and_the_last_hard_state()
    {
        using (var wal = WriteAheadLog.Open(Options(), out var empty))
        {
            Assert.Equal("HardState { Term = 0, Vote = 0, Commit = 0 } ", Describe(empty));
            wal.Append(new HardState(1, new RaftId(7), 0), [Entry(1, 1, "a"), Entry(2, 1, "b"), Entry(3, 1, "c")],
                true);
            wal.Append(new HardState(2, RaftId.None, 1), [Entry(2, 2, "B")], true);
        }
        Assert.Equal("HardState { Term = 2, Vote = 0, Commit = 1 } 1/1/61,2/2/42", Read());
    }

    [Fact]
    public void A_log_of_many_segments_is_read_whole_and_a_missing_one_is_damage()
    {
        using (var wal = WriteAheadLog.Open(Options(512), out _))
        {
            for (ulong i = 1; i <= 50; i++)
                wal.Append(new HardState(1, RaftId.None, i - 1), [Entry(i, 1, new string('x', (int)i * 20))], true);
        }
        using (var wal = WriteAheadLog.Open(Options(512), out var contents))
            Assert.Equal(50, contents.Entries.Count);
        _disk.Delete("/raft/0000000000000003.wal");
        Assert.Throws<StorageCorruptException>(() => Read(512));
    }

    [Fact]
    public void An_entry_larger_than_a_segment_gets_one_of_its_own()
    {
        using (var wal = WriteAheadLog.Open(Options(512), out _))
            wal.Append(null, [Entry(1, 1, new string('x', 5000)), Entry(2, 1, "y")], true);
        using (var wal = WriteAheadLog.Open(Options(512), out var contents))
            Assert.Equal([5000, 1], contents.Entries.Select(e => e.Data.Length));
    }

    [Fact]
    public void One_append_of_many_entries_is_one_write_and_one_sync()
    {
        using var wal = WriteAheadLog.Open(Options(1 << 16), out _);
        var (writes, syncs) = (_disk.WriteCount, _disk.SyncCount);
        wal.Append(new HardState(1, RaftId.None, 0), [.. Enumerable.Range(1, 64).Select(i => Entry((ulong)i, 1,
            "e"))], true);
        Assert.Equal((writes + 1, syncs + 1), (_disk.WriteCount, _disk.SyncCount));
    }

    /// <summary>R23: whatever a power cut leaves of the last write, earlier ones are whole and it is all or
    /// part.</summary>
    [Fact]
    public void A_tail_torn_at_any_offset_is_cut_and_loses_nothing_that_was_synced()
    {
        var states = WriteThree();
        var whole = _disk.Bytes(FirstSegment).ToArray();
        var end = Array.FindLastIndex(whole, b => b != 0) + 1;
        var before = EndOfState(2, whole);
        for (var cut = before; cut < end; cut++)
        {
            var torn = whole.ToArray();
            torn.AsSpan(cut).Clear();
            _disk.SetBytes(FirstSegment, torn);
            var read = Read();
            Assert.True(
                read == states[2] || read == states[3] || read == states[2] + ",3/3/" + Convert.ToHexString(
                    "entry 3"u8),
                $"cut at {cut}: {read}");
            Assert.Equal(read, Read());
        }
    }

    /// <summary>R23, S15: a flipped bit below the last write is refused with its place; never a wrong state.</summary>
    [Fact]
    public void A_bit_flipped_at_any_offset_never_gives_a_wrong_state()
    {
        var states = WriteThree();
        var whole = _disk.Bytes(FirstSegment).ToArray();
        var synced = EndOfState(2, whole);
        for (var at = 0; at < whole.Length; at++)
        {
            var flipped = whole.ToArray();
            flipped[at] ^= (byte)(1 << (at % 8));
            _disk.SetBytes(FirstSegment, flipped);
            var read = "refused";
            try
            {
                read = Read();
            }
            catch (StorageCorruptException e)
            {
                Assert.Equal(FirstSegment, e.File);
                Assert.True(e.Offset <= at, $"flip at {at} is reported at {e.Offset}");
            }
            if (at < synced)
                Assert.Equal("refused", read);
            else
                Assert.True(read == "refused" || states[3].StartsWith(read, StringComparison.Ordinal)
                    || read.StartsWith(states[2], StringComparison.Ordinal), $"flip at {at}: {read}");
        }
    }

    [Fact]
    public void A_bad_sector_in_one_unsynced_write_of_many_records_is_a_torn_tail_not_damage()
    {
        var states = WriteThree();
        using (var wal = WriteAheadLog.Open(Options(), out _))
            wal.Append(null, [Entry(4, 3, new string('a', 600)), Entry(5, 3, "b"), Entry(6, 3, "c")], sync: false);
        var bytes = _disk.Bytes(FirstSegment).ToArray();
        bytes[EndOfState(3, bytes) + 300] ^= 0xff;
        _disk.SetBytes(FirstSegment, bytes);
        Assert.Equal(states[3], Read());
    }

    [Fact]
    public void What_follows_a_cut_tail_is_not_taken_for_damage_later()
    {
        WriteThree();
        using (var wal = WriteAheadLog.Open(Options(), out _))
            wal.Append(null, [Entry(4, 3, new string('a', 600)), Entry(5, 3, "b")], sync: false);
        var bytes = _disk.Bytes(FirstSegment).ToArray();
        bytes[EndOfState(3, bytes) + 100] ^= 0xff;
        _disk.SetBytes(FirstSegment, bytes);
        using (var wal = WriteAheadLog.Open(Options(), out var contents))
        {
            Assert.True(contents.CutBytes > 0);
            wal.Append(null, [Entry(4, 4, "new")], sync: true);
        }
        Assert.EndsWith("4/4/6E6577", Read(), StringComparison.Ordinal);
    }

    /// <summary>R33: after the first failure nothing is taken any more, whatever the disk says later.</summary>
    [Theory]
    [InlineData("sync")]
    [InlineData("write")]
    public void A_failed_write_or_sync_is_final(string operation)
    {
        using var wal = WriteAheadLog.Open(Options(), out _);
        _disk.Fails = (what, _) => what == operation;
        Assert.Throws<StorageFailedException>(() => wal.Append(null, [Entry(1, 1, "a")], sync: true));
        _disk.Fails = null;
        Assert.Throws<StorageFailedException>(() => wal.Append(null, [Entry(1, 1, "a")], sync: true));
    }

    [Fact]
    public void A_directory_has_one_owner()
    {
        using var wal = WriteAheadLog.Open(Options(), out _);
        Assert.Throws<StorageRefusedException>(() => WriteAheadLog.Open(Options(), out _));
    }

    [Fact]
    public void The_log_of_another_member_or_cluster_is_refused()
    {
        WriteThree();
        Assert.Throws<StorageRefusedException>(() => WriteAheadLog.Open(Options() with { Id = new RaftId(8) }, out _));
        Assert.Throws<StorageRefusedException>(() => WriteAheadLog.Open(Options() with { ClusterId = "c2" }, out _));
    }

    [Fact]
    public void A_power_cut_at_any_moment_keeps_every_synced_write()
    {
        for (var seed = 1; seed <= 300; seed++)
        {
            var disk = new MemoryDisk();
            var random = new Random(seed);
            var options = Options(1024) with { Disk = disk };
            var synced = 0UL;
            using (var wal = WriteAheadLog.Open(options, out _))
            {
                for (ulong i = 1; i <= 30; i++)
                {
                    var sync = random.Next(3) > 0;
                    wal.Append(new HardState(1, RaftId.None, 0), [Entry(i, 1, new string('x', random.Next(400)))],
                        sync);
                    synced = sync ? i : synced;
                }
            }
            disk.Crash(random.Next);
            using var again = WriteAheadLog.Open(options, out var contents);
            Assert.True((ulong)contents.Entries.Count >= synced, $"seed {seed}: {contents.Entries.Count} of {synced}");
        }
    }

    /// <summary>Where the records of the first writes end: each is an entry of 7 bytes and a hard state of 8.</summary>
    private static int EndOfState(int writes, byte[] bytes)
    {
        Assert.True(bytes.Length > 0);
        return WalFormat.HeaderBytes + (writes * (WalFormat.Padded(7) + WalFormat.Padded(8)));
    }
}
