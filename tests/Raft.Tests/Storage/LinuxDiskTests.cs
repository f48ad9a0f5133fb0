using Swarm.Raft.Storage;

namespace Swarm.Raft.Tests.Storage;

public sealed class LinuxDiskTests : IDisposable
{
    private readonly string _root = System.IO.Directory.CreateTempSubdirectory("raft-disk-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_root, recursive: true);

    [Fact]
    public void Files_are_private_and_a_second_owner_is_refused()
    {
        var options = new WalOptions
        {
            Disk = new LinuxDisk(), Directory = Path.Combine(_root, "a", "raft"), ClusterId = "c", Id = new RaftId(1),
            SegmentBytes = 4096,
        };
        using (var wal = WriteAheadLog.Open(options, out _))
        {
            wal.Append(new HardState(3, new RaftId(1), 0), [new(1, 2, EntryType.Normal, new byte[] { 1, 2 })], true);
            Assert.Throws<StorageRefusedException>(() => WriteAheadLog.Open(options, out _));
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                File.GetUnixFileMode(options.Directory));
            foreach (var file in System.IO.Directory.GetFiles(options.Directory))
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
        using var again = WriteAheadLog.Open(options, out var contents);
        Assert.Equal(3UL, contents.HardState.Term);
        Assert.Equal(new byte[] { 1, 2 }, contents.Entries.Single().Data.ToArray());
    }

    [Fact]
    public void A_sync_that_the_kernel_refuses_is_seen()
    {
        using var file = new LinuxDisk().Open("/dev/full");
        Assert.Throws<StorageFailedException>(() => file.Write(0, new byte[] { 1 }));
        var failed = Assert.Throws<StorageFailedException>(file.Sync);
        Assert.Equal(22, failed.Errno);
    }
}
