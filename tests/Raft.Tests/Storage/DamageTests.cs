using Swarm.Raft.Storage;

namespace Swarm.Raft.Tests.Storage;

/// <summary>R23, R24, S15: torn tails are cut, damage is mended or refused, and no wrong state comes of it.</summary>
public sealed class DamageTests : StorageBed
{
    private const int Writes = 4;

    /// <summary>Synced writes in one life; returns the state after each and what is on disk at the end.</summary>
    private (List<string> States, Dictionary<string, byte[]> Disk, List<int> Ends) Write(
        bool sealedWithKey, int segmentBytes)
    {
        (Keys, SegmentBytes) = (sealedWithKey ? [Key(1)] : [], segmentBytes);
        List<string> states = [];
        List<int> ends = [];
        Dictionary<string, byte[]> copy = [];
        using (var storage = RaftStorage.Open(Options, out _))
        {
            for (ulong i = 1; i <= Writes; i++)
            {
                storage.Append(new HardState(i, new RaftId(i), i - 1), [Entry(i, i, 30)], sync: true);
                copy = Copy();
                ends.Add(Disk.Bytes(FirstSegment).AsSpan().LastIndexOfAnyExcept((byte)0) + 1);
            }
        }
        for (ulong i = 1; i <= Writes; i++)
            states.Add(Expected(i));
        Restore(copy);
        Assert.Equal(states[^1], TryRead());
        return (states, copy, ends);
    }

    /// <summary>The entry of the write after is there, its hard state is not.</summary>
    private static string Torn(ulong writes) => Describe(new StoredState(
        null, writes == 0 ? default : new HardState(writes, new RaftId(writes), writes - 1),
        [.. Enumerable.Range(1, (int)writes + 1).Select(i => Entry((ulong)i, (ulong)i, 30))], 0));

    private static string Expected(ulong writes) => Describe(new StoredState(
        null, new HardState(writes, new RaftId(writes), writes - 1),
        [.. Enumerable.Range(1, (int)writes).Select(i => Entry((ulong)i, (ulong)i, 30))], 0));

    [Theory]
    [InlineData(false, 16 << 10)]
    [InlineData(true, 16 << 10)]
    [InlineData(true, 4 << 10)]
    public void A_bit_flipped_at_any_offset_gives_the_right_state_or_a_refusal(bool withKey, int segmentBytes)
    {
        var (states, copy, _) = Write(withKey, segmentBytes);
        var mended = 0;
        for (var at = 0; at < copy[FirstSegment].Length; at++)
        {
            Restore(copy);
            Disk.Bytes(FirstSegment)[at] ^= (byte)(1 << (at % 8));
            var read = TryRead();
            Assert.True(read == states[^1] || read == "refused", $"flip at {at}: {read}");
            mended += read == states[^1] ? 1 : 0;
        }
        Assert.True(mended > 100, "much of a segment is zeros or a copy");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Damage_of_the_last_synced_write_is_mended_and_said(bool withKey)
    {
        var (states, copy, ends) = Write(withKey, 16 << 10);
        for (var at = ends[^2]; at < ends[^1]; at++)
        {
            Restore(copy);
            Disk.Bytes(FirstSegment)[at] ^= 0xff;
            Assert.Equal(states[^1], Describe(Reopen()));
            Restore(copy);
            Disk.Bytes(FirstSegment).AsSpan(at).Clear();
            var state = Reopen();
            Assert.Equal(states[^1], Describe(state));
        }
        Restore(copy);
        Disk.Bytes(FirstSegment)[ends[^2]] ^= 1;
        Assert.Contains(FirstSegment, Assert.Single(Reopen().Notes), StringComparison.Ordinal);
    }

    /// <summary>
    /// Zeros from any offset on are no torn tail while a copy is there. Where all that proves a write is gone with it,
    /// nothing can be known.
    /// </summary>
    [Theory]
    [InlineData(false, 16 << 10, 512 + (2 * 1024))]
    [InlineData(true, 16 << 10, 512 + (2 * 1024))]
    [InlineData(false, 4 << 10, 512 + (2 * 512))]
    public void Zeros_from_any_offset_on_lose_nothing_that_was_synced(bool withKey, int segmentBytes, int allGone)
    {
        var (states, copy, ends) = Write(withKey, segmentBytes);
        var right = states[^1];
        states.AddRange(Enumerable.Range(0, Writes).Select(w => Torn((ulong)w)).Prepend(
            Describe(new StoredState(null, default, [], 0))));
        for (var cut = 0; cut < ends[^1]; cut++)
        {
            Restore(copy);
            Disk.Bytes(FirstSegment).AsSpan(cut).Clear();
            var read = TryRead();
            Assert.True(
                read == "refused" || read == right || (cut < allGone && states.Contains(read)),
                $"zeros from {cut}: {read}");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_cut_at_any_length_is_refused(bool withKey)
    {
        var (_, copy, _) = Write(withKey, 16 << 10);
        for (var length = 0; length < copy[FirstSegment].Length; length++)
        {
            Restore(copy);
            Disk.SetBytes(FirstSegment, copy[FirstSegment][..length]);
            Assert.Equal("refused", TryRead());
        }
    }

    [Fact]
    public void Damage_is_told_with_file_offset_and_what_to_do()
    {
        var (_, copy, ends) = Write(true, 16 << 10);
        Restore(copy);
        Disk.Bytes(FirstSegment)[ends[0] - 1] ^= 1;
        var damage = Assert.Throws<StorageCorruptException>(() => Reopen());
        Assert.Equal(FirstSegment, damage.File);
        Assert.InRange(damage.Offset, 512, ends[0]);
        Assert.Contains("join it again", damage.Message, StringComparison.Ordinal);
    }

    /// <summary>What stays open: the last synced write and its copy, damaged both, look like a torn tail.</summary>
    [Fact]
    public void The_last_write_and_its_copy_damaged_both_look_like_a_torn_tail()
    {
        var (states, copy, ends) = Write(false, 16 << 10);
        Restore(copy);
        var bytes = Disk.Bytes(FirstSegment);
        var start = (ends[^2] + 7) & ~7;
        bytes[start] ^= 1;
        var copyAt = bytes.AsSpan(512).IndexOf(copy[FirstSegment].AsSpan(start, 30));
        bytes[512 + copyAt] ^= 1;
        Assert.Equal(states[^2], TryRead());
    }

    /// <summary>What was there at a start was durable: no copy is needed for that.</summary>
    [Fact]
    public void Damage_of_what_a_start_found_is_never_a_torn_tail()
    {
        Write(true, 16 << 10);
        Reopen();
        var copy = Copy();
        var end = copy[FirstSegment].AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        for (var at = end - 150; at < end; at++)
        {
            Restore(copy);
            Disk.Bytes(FirstSegment)[at] ^= 1;
            Assert.Equal("refused", TryRead());
        }
    }

    [Fact]
    public void A_bad_sector_in_one_unsynced_write_of_many_records_is_a_torn_tail_not_damage()
    {
        var (states, _, _) = Write(false, 16 << 10);
        using (var storage = RaftStorage.Open(Options, out _))
            storage.Append(null, [Entry(5, 4, 600), Entry(6, 4), Entry(7, 4)], sync: false);
        var bytes = Disk.Bytes(FirstSegment);
        bytes[bytes.AsSpan().LastIndexOfAnyExcept((byte)0) - 600] ^= 0xff;
        var state = Reopen();
        Assert.Equal(states[^1], Describe(state));
        Assert.True(state.CutBytes > 0);
        using (var storage = RaftStorage.Open(Options, out _))
            storage.Append(null, [Entry(5, 5)], sync: true);
        Assert.Equal(5UL, Reopen().Entries[^1].Term);
    }

    /// <summary>R24: sectors that come back old, or land in another place or file.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_sector_from_elsewhere_gives_the_right_state_or_a_refusal(bool withKey)
    {
        Keys = withKey ? [Key(1)] : [];
        using (var storage = RaftStorage.Open(Options, out _))
            Fill(storage, 1, 250);
        var right = TryRead();
        var copy = Copy();
        var files = copy.Keys.Where(n => n.EndsWith(".wal", StringComparison.Ordinal)).ToArray();
        var random = new Random(1);
        for (var i = 0; i < 400; i++)
        {
            Restore(copy);
            var (to, from) = (files[random.Next(files.Length)], files[random.Next(files.Length)]);
            var sector = copy[from].AsSpan(random.Next(copy[from].Length / 512) * 512, 512);
            sector.CopyTo(Disk.Bytes(to).AsSpan(random.Next(copy[to].Length / 512) * 512));
            var read = TryRead();
            Assert.True(read == right || read == "refused", $"step {i}: {read}");
        }
    }

    [Fact]
    public void A_segment_of_another_member_or_under_another_name_is_refused()
    {
        using (var storage = RaftStorage.Open(Options, out _))
            Fill(storage, 1, 250);
        Disk.SetBytes("/raft/0000000000000002.wal", Disk.Bytes(FirstSegment));
        Assert.Equal("refused", TryRead());
    }
}
