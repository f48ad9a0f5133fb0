using System.Diagnostics;
using Swarm.Raft.Storage;

namespace Swarm.Raft.Tests.Storage;

public sealed class LinuxDiskTests : IDisposable
{
    private const int SegmentBytes = 256 << 10;
    private readonly string _root = System.IO.Directory.CreateTempSubdirectory("raft-disk-").FullName;
    private bool _isMounted;

    private StorageOptions Options => new()
    {
        Disk = new LinuxDisk(), Directory = Path.Combine(_root, "a", "raft"), ClusterId = "c", Id = new RaftId(1),
        SegmentBytes = SegmentBytes,
        Keys = [new DataKey(new Guid(1, 0, 0, new byte[8]), new byte[DataKey.KeyBytes])],
        Aside = static work => work(),
    };

    public void Dispose()
    {
        if (_isMounted)
            Run("umount", "-l", _root);
        System.IO.Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void Files_are_private_and_a_second_owner_is_refused()
    {
        using (var storage = RaftStorage.Open(Options, out _))
        {
            storage.Append(new HardState(3, new RaftId(1), 0), [new(1, 2, EntryType.Normal, new byte[] { 1, 2 })],
                true);
            using (var snapshot = storage.BeginSnapshot(new SnapshotMark(1, 2, RaftConfiguration.Empty)))
            {
                snapshot.Write(new byte[100_000]);
                snapshot.Commit();
            }
            Assert.Throws<StorageRefusedException>(() => RaftStorage.Open(Options, out _));
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                File.GetUnixFileMode(Options.Directory));
            foreach (var file in System.IO.Directory.GetFiles(Options.Directory))
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
        using var again = RaftStorage.Open(Options, out var state);
        Assert.Equal(3UL, state.HardState.Term);
        Assert.Equal(new byte[] { 1, 2 }, state.Entries.Single().Data.ToArray());
        using var reader = again.OpenSnapshot();
        Assert.Equal(100_000, reader!.LengthBytes);
    }

    [Fact]
    public void Errors_of_the_kernel_are_seen_with_their_number()
    {
        using var file = new LinuxDisk().Open("/dev/full");
        Assert.True(Assert.Throws<StorageFailedException>(() => file.Write(0, new byte[] { 1 })).IsNoSpace);
        Assert.Equal(22, Assert.Throws<StorageFailedException>(file.Sync).Errno);
        Assert.Throws<StorageFailedException>(() => new LinuxDisk().Open(Path.Combine(_root, "none")));
        Assert.Throws<StorageFailedException>(() => new LinuxDisk().SyncDirectory(Path.Combine(_root, "none")));
    }

    [Fact]
    public void Zeros_are_written_and_space_is_taken()
    {
        var disk = new LinuxDisk();
        using var zeros = disk.Create(Path.Combine(_root, "zeros"));
        zeros.WriteZeros(3_000_000);
        using var reserve = disk.Create(Path.Combine(_root, "reserve"));
        reserve.Allocate(5_000_000);
        Assert.Equal((3_000_000, 5_000_000), (zeros.LengthBytes, reserve.LengthBytes));
        Assert.DoesNotContain(File.ReadAllBytes(Path.Combine(_root, "zeros")), b => b != 0);
    }

    /// <summary>Recipe of recovery: a small file system, filled by somebody else.</summary>
    [Fact]
    public void A_file_system_that_others_fill_is_an_alarm_until_there_is_space_again()
    {
        Run("mount", "-t", "tmpfs", "-o", "size=4m", "none", _root);
        _isMounted = true;
        using var storage = RaftStorage.Open(Options, out _);
        Assert.False(storage.IsFull);
        var filler = Path.Combine(_root, "filler");
        Assert.ThrowsAny<IOException>(() => File.WriteAllBytes(filler, new byte[8 << 20]));
        for (ulong i = 1; i <= 600; i++)
            storage.Append(new HardState(1, RaftId.None, i - 1), [new(i, 1, EntryType.Normal, new byte[1000])], true);
        Assert.True(storage.IsFull);
        storage.Compact(0);
        Assert.True(storage.IsFull);
        File.Delete(filler);
        storage.Compact(0);
        Assert.False(storage.IsFull);
        storage.Append(null, [new(601, 1, EntryType.Normal, new byte[1000])], true);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
