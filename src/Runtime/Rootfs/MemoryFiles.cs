using System.Globalization;
using System.Runtime.InteropServices;
using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Rootfs;

/// <summary>One file that is never on a disk.</summary>
/// <param name="Name">In the directory that is mounted.</param>
/// <param name="Data">What it holds.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="Mode">Permission bits.</param>
public sealed record MemoryFile(string Name, ReadOnlyMemory<byte> Data, uint Uid, uint Gid, UnixFileMode Mode);

/// <summary>
/// Files of one container in memory that is not swapped: a tmpfs without swap where the kernel can (6.4), else a ramfs
/// while the host has swap, else a plain tmpfs. Read-only once it is filled, through every mount of it.
/// </summary>
public static class MemoryFiles
{
    private const long BlockBytes = 4096;
    private const int SpareBlocks = 16;
    private const int MaxStackedMounts = 16;
    private const string Swaps = "/proc/swaps";
    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Mounts a directory that holds these files and no others; what was mounted there goes first.</summary>
    /// <param name="directory">The place.</param>
    /// <param name="files">With owners as the container has them.</param>
    /// <param name="range">The container's ids on the host; null = the same.</param>
    /// <exception cref="IOException">The kernel refuses; nothing is left then.</exception>
    public static void Mount(string directory, IReadOnlyList<MemoryFile> files, IdRange? range = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        Unmount(directory);
        Directory.CreateDirectory(directory, OwnerOnly);
        try
        {
            Check(MountEmpty(directory, files), "mount memory on", directory);
            foreach (var file in files)
            {
                Write(Path.Combine(directory, file.Name), range is null ? file : file with
                {
                    Uid = range.OnHost(file.Uid), Gid = range.OnHost(file.Gid),
                });
            }

            range?.LetThrough(directory);

            Check(MountNative.MakeReadOnly(directory), "make read-only", directory);
        }
        catch
        {
            Unmount(directory);
            throw;
        }
    }

    /// <summary>The files are gone as soon as no container has them mounted. Nothing there is fine.</summary>
    /// <exception cref="IOException">The mount will not go.</exception>
    public static void Unmount(string directory)
    {
        for (var i = 0; i < MaxStackedMounts && Directory.Exists(directory); i++)
        {
            var errno = MountNative.Unmount(directory);
            if (errno is MountNative.EINVAL or MountNative.ENOENT)
            {
                Directory.Delete(directory);
                return;
            }

            Check(errno, "unmount", directory);
        }
    }

    private static int MountEmpty(string directory, IReadOnlyList<MemoryFile> files)
    {
        var blocks = files.Sum(f => (f.Data.Length + BlockBytes - 1) / BlockBytes) + files.Count + SpareBlocks;
        var options = string.Create(
            CultureInfo.InvariantCulture,
            $"mode=0700,size={blocks * BlockBytes},nr_inodes={files.Count + SpareBlocks}");
        var errno = MountNative.MountMemory("tmpfs", directory, options + ",noswap");
        return errno != MountNative.EINVAL ? errno
            : HasSwap() ? MountNative.MountMemory("ramfs", directory, "mode=0700")
            : MountNative.MountMemory("tmpfs", directory, options);
    }

    /// <summary>The first line of the kernel's list is its title.</summary>
    private static bool HasSwap() => File.Exists(Swaps) && File.ReadLines(Swaps).Skip(1).Any();

    private static void Write(string path, MemoryFile file)
    {
        using (var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            BufferSize = 0,
        }))
        {
            stream.Write(file.Data.Span);
        }

        Check(MountNative.ChangeOwner(path, file.Uid, file.Gid), "change owner of", path);
        File.SetUnixFileMode(path, file.Mode);
    }

    private static void Check(int errno, string what, string path)
    {
        if (errno != 0)
        {
            throw new IOException($"{what} {path}: {Marshal.GetPInvokeErrorMessage(errno)}");
        }
    }
}
