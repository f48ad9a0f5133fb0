using FsCheck;
using FsCheck.Fluent;
using Swarm.Raft.Storage;

namespace Swarm.Raft.Tests.Storage;

/// <summary>What is written past the page cache is in the file as if it had been written through it.</summary>
public sealed class AppendedFileTests : IDisposable
{
    private const int SlotsAt = IDisk.PageBytes;
    private const int SlotBytes = 64 << 10;
    private const int RecordsAt = SlotsAt + (2 * SlotBytes);
    private const int FileBytes = 1 << 20;
    private readonly string _root = System.IO.Directory.CreateTempSubdirectory("raft-append-").FullName;
    private readonly LinuxDisk _disk = new();
    private string? _mounted;

    /// <summary>One step: so many bytes of records, so many of a copy (0: none), and whether a sync follows.</summary>
    public sealed record Step(int RecordBytes, int CopyBytes, bool Syncs);

    public void Dispose()
    {
        if (_mounted is { } mounted)
            LinuxDiskTests.Run("umount", "-l", mounted);
        System.IO.Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void The_file_has_what_was_written_and_zeros_behind_it() => Prop
        .ForAll(Gen.Choose(0, 9000).ToArbitrary(), Steps(), Live)
        .Check(Config.QuickThrowOnFailure.WithMaxTest(30));

    [Fact]
    public void A_write_that_would_take_a_page_from_others_is_refused()
    {
        using var file = Begin(new byte[FileBytes], 100, out _);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Write(RecordsAt + 101, new byte[] { 1 }));
    }

    [Fact]
    public void A_medium_without_room_fails_the_sync_with_its_number()
    {
        Mount("tmpfs", "size=1m");
        using var file = Begin(new byte[FileBytes - (2 * IDisk.PageBytes)], 0, out _);
        file.Write(RecordsAt, new byte[100]);
        file.Sync();
        // Behind the end of the file there is nothing that could be overwritten.
        file.Write(FileBytes, Bytes(60_000, 1));
        file.Write(RecordsAt + 100, new byte[100]);
        Assert.True(Assert.Throws<StorageFailedException>(file.Sync).IsNoSpace);
    }

    [Fact]
    public void A_file_system_that_cannot_is_written_through_the_page_cache()
    {
        Mount("ramfs", "mode=700");
        var model = new byte[FileBytes];
        using var file = Begin(model, 10, out var path);
        Assert.IsType<LinuxFile>(file);
        Put(file, model, RecordsAt + 10, Bytes(5000, 1));
        file.Sync();
        Assert.Equal(model, File.ReadAllBytes(path));
    }

    [Fact]
    public void A_log_on_it_is_read_back_after_every_length_of_write()
    {
        var options = new StorageOptions
        {
            Disk = _disk, Directory = Path.Combine(_root, "raft"), ClusterId = "c", Id = new RaftId(1),
            SegmentBytes = 1 << 20, ReserveBytes = 0, Aside = static work => work(),
            Keys = [new DataKey(new Guid(1, 0, 0, new byte[8]), new byte[DataKey.KeyBytes])],
        };
        var written = new List<byte[]>();
        foreach (var bytes in new[] { 0, 1, 100, 3900, 4000, 4096, 8192, 40_000, 65_000, 66_000, 300_000, 700_000, 5 })
        {
            using var storage = RaftStorage.Open(options, out var state);
            Assert.Equal(written, state.Entries.Select(e => e.Data.ToArray()));
            Assert.Empty(state.Notes);
            for (var n = 0; n < 2; n++)
            {
                written.Add(Bytes(bytes, written.Count));
                var entry = new RaftEntry((ulong)written.Count, 1, EntryType.Normal, written[^1]);
                storage.Append(new HardState(1, RaftId.None, entry.Index - 1), [entry], sync: true);
            }
        }
    }

    private static Arbitrary<Step[]> Steps() => (
        from records in Gen.Frequency((8, Gen.Choose(1, 600)), (2, Gen.Choose(1, 9000)), (1, Gen.Choose(1, 300_000)))
        from copy in Gen.Frequency((4, Gen.Choose(1, 700)), (1, Gen.Choose(1, SlotBytes)), (1, Gen.Constant(0)))
        from syncs in Gen.Frequency((4, Gen.Constant(true)), (1, Gen.Constant(false)))
        select new Step(records, copy, syncs)).ArrayOf().ToArbitrary();

    private void Live(int held, Step[] steps)
    {
        var model = new byte[FileBytes];
        using var file = Begin(model, held, out var path);
        Assert.IsType<AppendedFile>(file);
        var (end, slot, seed) = (RecordsAt + held, 0, 1);
        foreach (var step in steps)
        {
            if (end + step.RecordBytes > FileBytes)
                break;
            Put(file, model, end, Bytes(step.RecordBytes, seed++));
            end += step.RecordBytes;
            if (step.CopyBytes > 0)
            {
                var at = SlotsAt + (slot * SlotBytes);
                model.AsSpan(at, (step.CopyBytes + IDisk.PageBytes - 1) & -IDisk.PageBytes).Clear();
                Put(file, model, at, Bytes(step.CopyBytes, seed++));
                slot ^= 1;
            }
            if (!step.Syncs)
                continue;
            file.Sync();
            Assert.True(model.AsSpan().SequenceEqual(File.ReadAllBytes(path)), $"the write that ended at {end}");
        }
        file.Sync();
        Assert.True(model.AsSpan().SequenceEqual(File.ReadAllBytes(path)), "what was written last");
    }

    private IDiskFile Begin(byte[] model, int held, out string path)
    {
        path = Path.Combine(_root, "file");
        using (var file = _disk.Create(path))
        {
            file.WriteZeros(model.Length);
            Put(file, model, 0, Bytes(300, 7));
            Put(file, model, RecordsAt, Bytes(held, 8));
            file.Sync();
        }
        return _disk.OpenToAppend(path, RecordsAt + held);
    }

    private static void Put(IDiskFile file, byte[] model, long offset, byte[] bytes)
    {
        bytes.CopyTo(model, offset);
        file.Write(offset, bytes);
    }

    private static byte[] Bytes(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private void Mount(string type, string options)
    {
        LinuxDiskTests.Run("mount", "-t", type, "-o", options, "none", _root);
        _mounted = _root;
    }
}
