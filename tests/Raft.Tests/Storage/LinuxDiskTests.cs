using System.Diagnostics;
using System.Runtime.InteropServices;
using Swarm.Raft.Storage;

namespace Swarm.Raft.Tests.Storage;

public sealed class LinuxDiskTests : IDisposable
{
    private const int SegmentBytes = 256 << 10;
    private readonly string _root = System.IO.Directory.CreateTempSubdirectory("raft-disk-").FullName;
    private readonly Stack<string> _mounts = new();

    private StorageOptions Options => new()
    {
        Disk = new LinuxDisk(), Directory = Path.Combine(_root, "a", "raft"), ClusterId = "c", Id = new RaftId(1),
        SegmentBytes = SegmentBytes,
        Keys = [new DataKey(new Guid(1, 0, 0, new byte[8]), new byte[DataKey.KeyBytes])],
        Aside = static work => work(),
    };

    public void Dispose()
    {
        while (_mounts.TryPop(out var mount))
            Run("umount", "-l", mount);
        System.IO.Directory.Delete(_root, recursive: true);
    }

    /// <summary>What a process has that is being started at that moment: a copy of every descriptor.</summary>
    [Fact]
    public void A_lock_that_was_given_back_is_free_although_a_copy_of_its_descriptor_is_open()
    {
        var path = Path.Combine(_root, "lock");
        var held = new LinuxDisk().Lock(path);
        var number = System.IO.Directory.EnumerateFiles("/proc/self/fd")
            .Where(fd => new FileInfo(fd).LinkTarget == path).Select(Path.GetFileName).Single()!;
        var copy = dup(int.Parse(number, System.Globalization.CultureInfo.InvariantCulture));
        try
        {
            Assert.Throws<StorageRefusedException>(() => new LinuxDisk().Lock(path));
            held.Dispose();
            new LinuxDisk().Lock(path).Dispose();
        }
        finally
        {
            Assert.Equal(0, close(copy));
        }
    }

    [DllImport("libc")]
    private static extern int dup(int fd);

    [DllImport("libc")]
    private static extern int close(int fd);

    [Fact]
    public void Files_are_private_and_a_second_owner_is_refused()
    {
        using (var storage = RaftStorage.Open(Options, out _))
        {
            storage.Append(
                new HardState(3, new RaftId(1), 0), [new(1, 2, EntryType.Normal, new byte[] { 1, 2 })], true);
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
        Mount(_root, "-t", "tmpfs", "-o", "size=4m", "none");
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

    /// <summary>
    /// Recipe of recovery: a file system on a medium that has less room than it says. Writes are taken by the page
    /// cache, and the kernel tells once, at the sync, that they are lost.
    /// </summary>
    [Fact]
    public void A_failing_sync_is_seen_at_the_first_call_and_the_next_start_has_all_that_was_acknowledged()
    {
        var (medium, files) = (Path.Combine(_root, "medium"), Path.Combine(_root, "files"));
        Mount(System.IO.Directory.CreateDirectory(medium).FullName, "-t", "tmpfs", "-o", "size=12m", "none");
        var image = Path.Combine(medium, "image");
        using (var file = File.Create(image))
            file.SetLength(64 << 20);
        Run("mkfs.ext4", "-q", "-F", "-O", "^has_journal", image);
        Mount(System.IO.Directory.CreateDirectory(files).FullName, "-o", "loop", image);
        var options = Options with { Directory = Path.Combine(files, "raft") };
        var acknowledged = 0UL;
        using (var storage = RaftStorage.Open(options, out _))
        {
            using (var other = new LinuxDisk().Create(Path.Combine(files, "other")))
            {
                other.Write(0, Enumerable.Repeat((byte)1, 20 << 20).ToArray());
                Assert.NotEqual(0, Assert.Throws<StorageFailedException>(other.Sync).Errno);
            }
            var failed = Assert.Throws<StorageFailedException>(() =>
            {
                for (; acknowledged < 20_000; acknowledged++)
                    Write(storage, acknowledged + 1);
            });
            Assert.NotEqual(0, failed.Errno);
            Assert.Throws<StorageFailedException>(() => Write(storage, acknowledged + 1));
        }
        Run("mount", "-o", "remount,size=128m", medium);
        using (RaftStorage.Open(options, out var state))
        {
            Assert.True(acknowledged > 0);
            Assert.InRange((ulong)state.Entries.Count, acknowledged, acknowledged + 1);
            Assert.Equal(acknowledged, state.Entries[(int)acknowledged - 1].Index);
        }
    }

    private static void Write(RaftStorage storage, ulong index) => storage.Append(
        new HardState(1, RaftId.None, index - 1), [new(index, 1, EntryType.Normal, new byte[1000])], sync: true);

    private void Mount(string target, params string[] arguments)
    {
        Run("mount", [.. arguments, target]);
        _mounts.Push(target);
    }

    internal static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
