using FsCheck;
using FsCheck.Fluent;
using Swarm.Raft.Storage;
using Swarm.Raft.Testing;
using Record = Swarm.Raft.Storage.Record;

namespace Swarm.Raft.Tests.Storage;

public sealed class EncryptionTests : StorageBed
{
    public EncryptionTests() => Keys = [Key(1)];

    private void FillAndSnapshot()
    {
        using var storage = RaftStorage.Open(Options, out _);
        Fill(storage, 1, 30);
        Snapshot(storage, Mark(20));
    }

    /// <summary>S16: with a key nothing of an entry, a state or a member's address can be read in any file.</summary>
    [Fact]
    public void With_a_key_no_file_holds_plain_bytes()
    {
        FillAndSnapshot();
        Reopen();
        foreach (var name in Disk.Names)
        {
            Assert.Equal(-1, Disk.Bytes(name).AsSpan().IndexOf("canary"u8));
            Assert.Equal(-1, Disk.Bytes(name).AsSpan().IndexOf("state 20"u8));
            Assert.Equal(-1, Disk.Bytes(name).AsSpan().IndexOf("10.0.0.1"u8));
        }
    }

    [Fact]
    public void A_missing_key_is_named_and_a_wrong_one_too()
    {
        FillAndSnapshot();
        foreach (var keys in new DataKey[][] { [Key(2)], [], [new DataKey(Key(1).Id, Key(2).Key)] })
        {
            Keys = keys;
            var refused = Assert.Throws<StorageRefusedException>(() => Reopen());
            Assert.Contains(Key(1).Id.ToString(), refused.Message, StringComparison.Ordinal);
        }
        Keys = [Key(1)];
        Assert.Equal(30, Reopen().Entries.Count);
    }

    [Fact]
    public void A_missing_key_of_the_snapshot_alone_is_named()
    {
        FillAndSnapshot();
        Keys = [Key(1), Key(2)];
        Reopen();
        Keys = [Key(2)];
        var refused = Assert.Throws<StorageRefusedException>(() => Reopen());
        Assert.Contains(".snap", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Whoever can write the disk must not be able to put plaintext in the place of what is sealed.</summary>
    [Fact]
    public void Plaintext_is_not_taken_by_a_member_that_encrypts()
    {
        Keys = [];
        FillAndSnapshot();
        Keys = [Key(1)];
        Assert.Throws<StorageRefusedException>(() => Reopen());
    }

    [Fact]
    public void After_a_rotation_and_a_snapshot_the_old_key_is_not_needed()
    {
        using (var storage = RaftStorage.Open(Options, out _))
        {
            Fill(storage, 1, 30);
            Snapshot(storage, Mark(25));
            storage.RotateKey(Key(2));
            Assert.Equal([Key(1).Id, Key(2).Id], storage.KeysInUse);
            Fill(storage, 31, 40);
            Snapshot(storage, Mark(35));
            Assert.Equal([Key(1).Id, Key(2).Id], storage.KeysInUse.Order());
            storage.Compact(upToIndex: 35);
            Assert.Equal([Key(2).Id], storage.KeysInUse);
        }
        Keys = [Key(2)];
        var state = Reopen();
        Assert.Equal((35UL, 40UL), (state.Snapshot!.Index, state.Entries[^1].Index));
    }

    [Fact]
    public void A_snapshot_of_the_same_entry_with_a_newer_key_takes_the_place_of_the_older_one()
    {
        using var storage = RaftStorage.Open(Options, out _);
        Fill(storage, 1, 5);
        Snapshot(storage, Mark(5));
        storage.RotateKey(Key(2));
        storage.RotateKey(Key(2));
        Snapshot(storage, Mark(5));
        storage.Compact(5);
        Assert.Equal([Key(2).Id], storage.KeysInUse);
        Assert.Equal(State(5), ReadAll(storage.OpenSnapshot()));
    }

    /// <summary>It may become the newest one: a host that dropped its key could never start again.</summary>
    [Fact]
    public void The_key_of_a_snapshot_that_is_being_written_is_in_use()
    {
        using var storage = RaftStorage.Open(Options, out _);
        Fill(storage, 1, 20);
        using (var slow = storage.BeginSnapshot(Mark(15)))
        {
            storage.RotateKey(Key(2));
            Snapshot(storage, Mark(10));
            storage.Compact(10);
            Assert.Contains(Key(1).Id, storage.KeysInUse);
            slow.Write(State(15));
            slow.Commit();
            Assert.Contains(Key(1).Id, storage.KeysInUse);
        }
        Snapshot(storage, Mark(20));
        storage.Compact(20);
        Assert.Equal([Key(2).Id], storage.KeysInUse);
        using (storage.BeginSnapshot(Mark(20)))
            storage.RotateKey(Key(3));
        Assert.DoesNotContain(storage.KeysInUse, k => k == Key(1).Id);
    }

    /// <summary>
    /// Places after a torn tail are written again: the file gets a new salt, so no nonce is used twice.
    /// </summary>
    [Fact]
    public void No_two_files_and_no_two_versions_of_a_file_share_a_salt()
    {
        var salts = new List<byte[]>();
        var options = Options with
        {
            NewSalt = bytes =>
            {
                salts.Add(System.Security.Cryptography.RandomNumberGenerator.GetBytes(bytes));
                return salts[^1];
            },
        };
        for (var life = 0; life < 3; life++)
        {
            using var storage = RaftStorage.Open(options, out _);
            Fill(storage, (ulong)(life * 200) + 1, (ulong)(life * 200) + 200);
            Snapshot(storage, Mark((ulong)(life * 200) + 200));
        }
        var files = Disk.Names.Where(n => n.EndsWith(".wal", StringComparison.Ordinal)).ToArray();
        Assert.True(salts.Count >= files.Length + 5);
        Assert.Equal(salts.Count, salts.Select(Convert.ToHexString).Distinct().Count());
        foreach (var file in files)
            Assert.Single(salts, s => Disk.Bytes(file).AsSpan(112, 32).SequenceEqual(s));
        var before = Disk.Bytes(files[^1]).ToArray();
        Reopen();
        Assert.False(before.AsSpan(112, 32).SequenceEqual(Disk.Bytes(files[^1]).AsSpan(112, 32)));
    }

    /// <summary>Every nonce of a life: a position of a file is sealed once, or with the same bytes.</summary>
    [Fact]
    public void No_position_of_a_sealed_file_is_written_twice_with_other_bytes()
    {
        var written = new Dictionary<(string File, long Offset), byte>();
        var disk = new WatchedDisk(Disk, (file, offset, bytes) =>
        {
            for (var i = 0; i < bytes.Length; i++)
            {
                if (offset + i < 4096 || bytes[i] == 0)
                    continue;
                Assert.True(written.TryAdd((file, offset + i), bytes[i]) || written[(file, offset + i)] == bytes[i]);
            }
        });
        using var storage = RaftStorage.Open(Options with { Disk = disk }, out _);
        Fill(storage, 1, 200);
        storage.Append(null, [Entry(201, 1, 4000)], sync: true);
        for (ulong i = 1; i < 50; i++)
            storage.Append(new HardState(1 + i, RaftId.None, 200), [Entry(201, 1 + i)], sync: i % 3 == 0);
        Assert.True(written.Count > 20_000);
    }

    [Fact]
    public void A_record_that_was_changed_with_its_checksum_is_noticed()
    {
        using (var storage = RaftStorage.Open(Options, out _))
            Fill(storage, 1, 3);
        var bytes = Disk.Bytes(FirstSegment);
        var header = SegmentHeader.Read(FirstSegment, bytes)!;
        using var plain = new RecordCodec(SegmentHeader.CrcOf(bytes), null);
        var forged = new byte[header.SegmentBytes];
        var record = new Record(RecordKind.Entry, EntryType.Normal, header.PreviousCrc, (uint)header.DataStart, 1, 1);
        plain.Write(forged, record, new byte[80 + FileCipher.TagBytes], header.DataStart);
        BitConverter.TryWriteBytes(forged, 80);
        var crc = Crc32C.Of(Crc32C.Of(plain.Seed, forged.AsSpan(0, 4)), forged.AsSpan(8, 128));
        BitConverter.TryWriteBytes(forged.AsSpan(4), crc);
        forged.AsSpan(0, 136).CopyTo(bytes.AsSpan(header.DataStart));
        var damage = Assert.Throws<StorageCorruptException>(() => Reopen());
        Assert.Contains("altered", damage.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_record_opens_to_what_was_sealed_and_only_where_it_was() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<ulong>(), ArbMap.Default.ArbFor<uint>(),
        (data, index, seed) =>
        {
            var cipher = FileCipher.Derive(Key(1), new byte[32], "test");
            using var codec = new RecordCodec(seed, cipher);
            var bytes = new byte[codec.LengthOf(data.Length)];
            var record = new Record(RecordKind.Entry, EntryType.NoOp, 1, 2, index, 4);
            codec.Write(bytes, record, data, 4096);
            Assert.True(codec.TryRead(bytes, out var read));
            Assert.Equal(record, read with { Crc = 0, DataBytes = 0 });
            Assert.Equal(data, codec.Open(bytes, read, 4096));
            Assert.Null(codec.Open(bytes, read, 4104));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_log_without_keys_cannot_get_one_later()
    {
        Keys = [];
        using var storage = RaftStorage.Open(Options, out _);
        Assert.Throws<StorageRefusedException>(() => storage.RotateKey(Key(1)));
        Assert.Throws<ArgumentException>(() => RaftStorage.Open(
            Options with { Disk = new MemoryDisk(), Keys = [new DataKey(Guid.NewGuid(), new byte[16])] }, out _));
    }
}
