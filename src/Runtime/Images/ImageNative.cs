using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Images;

/// <summary>
/// System calls for trees that someone else wrote: everything relative to a directory handle, names as bytes (they
/// need not be UTF-8), no call that would follow a link at the end of a path. Names end with a zero byte.
/// </summary>
internal static unsafe partial class ImageNative
{
    internal const int AtFdCwd = -100;
    internal const int AtSymlinkNoFollow = 0x100;
    internal const int AtEmptyPath = 0x1000;
    internal const int AtRemoveDir = 0x200;
    internal const int OReadOnly = 0;
    internal const int OWriteOnly = 1;
    internal const int OCreate = 0x40;
    internal const int OExclusive = 0x80;
    internal const int ONonBlock = 0x800;
    internal const int OCloexec = 0x80000;
    internal const int OPath = 0x200000;
    internal const ulong ResolveNoMagicLinks = 0x02;
    internal const ulong ResolveNoSymlinks = 0x04;
    internal const ulong ResolveBeneath = 0x08;
    internal const ulong ResolveInRoot = 0x10;
    internal const int ENOENT = 2;
    internal const int EEXIST = 17;
    internal const int ENOTDIR = 20;
    internal const int EINVAL = 22;
    internal const int ELOOP = 40;
    internal const int ENODATA = 61;
    private const int EINTR = 4;
    private const int SysOpenAt2 = 437;

    // The only two flags whose value differs between the architectures that .NET runs on.
    private static readonly bool s_armFlags =
        RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;

    internal static int ODirectory { get; } = s_armFlags ? 0x4000 : 0x10000;

    internal static int ONoFollow { get; } = s_armFlags ? 0x8000 : 0x20000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, long dirFd, byte* path, OpenHow* how, long size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(SafeFileHandle dir, byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAtPath(int dirFd, string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(SafeFileHandle dir, byte* path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mknodat(SafeFileHandle dir, byte* path, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int symlinkat(byte* target, SafeFileHandle dir, byte* path);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int linkat(SafeFileHandle fromDir, byte* from, SafeFileHandle toDir, byte* to, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(SafeFileHandle dir, byte* path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchownat(SafeFileHandle dir, byte* path, uint uid, uint gid, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmodat(SafeFileHandle dir, byte* path, uint mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int utimensat(SafeFileHandle dir, byte* path, long* times, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle file, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFileSystem(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncFile(SafeFileHandle file);

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    /// <summary>0 or errno of the call that just returned <paramref name="result"/>.</summary>
    private static int Errno(long result) => result >= 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>
    /// Opens <paramref name="path"/> so that the kernel itself keeps the walk within <paramref name="root"/>.
    /// </summary>
    internal static SafeFileHandle? TryOpenBeneath(
        SafeFileHandle root, byte[] path, int flags, ulong resolve, out int errno)
    {
        var how = new OpenHow { Flags = (ulong)(uint)(flags | OCloexec), Resolve = resolve };
        long fd;
        do
        {
            fixed (byte* p = path)
                fd = syscall(SysOpenAt2, root.DangerousGetHandle(), p, &how, sizeof(OpenHow));
            errno = Errno(fd);
            GC.KeepAlive(root);
        }
        while (errno == EINTR || errno == 11);
        return fd < 0 ? null : new SafeFileHandle((nint)fd, ownsHandle: true);
    }

    /// <summary>Opens one name in a directory; never follows a link.</summary>
    internal static SafeFileHandle? TryOpenAt(SafeFileHandle dir, byte[] name, int flags, out int errno)
    {
        int fd;
        fixed (byte* p = name)
            fd = openat(dir, p, flags | OCloexec | ONoFollow, 0x180);
        errno = Errno(fd);
        return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <summary>Opens a directory of our own by its path.</summary>
    internal static SafeFileHandle OpenDirectory(string path)
    {
        var fd = OpenAtPath(AtFdCwd, path, OReadOnly | ODirectory | OCloexec, 0);
        var errno = Errno(fd);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw Failure("open", path, errno);
    }

    internal static int MakeDirectory(SafeFileHandle dir, byte[] name, uint mode)
    {
        fixed (byte* p = name)
            return Errno(mkdirat(dir, p, mode));
    }

    internal static int MakeNode(SafeFileHandle dir, byte[] name, uint mode)
    {
        fixed (byte* p = name)
            return Errno(mknodat(dir, p, mode, 0));
    }

    internal static int MakeSymlink(SafeFileHandle dir, byte[] name, byte[] target)
    {
        fixed (byte* p = name, t = target)
            return Errno(symlinkat(t, dir, p));
    }

    internal static int MakeHardLink(SafeFileHandle fromDir, byte[] from, SafeFileHandle toDir, byte[] to)
    {
        fixed (byte* f = from, t = to)
            return Errno(linkat(fromDir, f, toDir, t, 0));
    }

    internal static int Unlink(SafeFileHandle dir, byte[] name, bool directory)
    {
        fixed (byte* p = name)
            return Errno(unlinkat(dir, p, directory ? AtRemoveDir : 0));
    }

    /// <summary>An empty name is the handle itself; a link is not followed.</summary>
    internal static int ChangeOwner(SafeFileHandle dir, byte[] name, uint uid, uint gid)
    {
        fixed (byte* p = name)
            return Errno(fchownat(dir, p, uid, gid, AtSymlinkNoFollow | AtEmptyPath));
    }

    /// <summary>Only for names that are known not to be links: the kernel would follow one.</summary>
    internal static int ChangeMode(SafeFileHandle dir, byte[] name, uint mode)
    {
        fixed (byte* p = name)
            return Errno(fchmodat(dir, p, mode, 0));
    }

    internal static int ChangeTimes(SafeFileHandle dir, byte[] name, long seconds, long nanoseconds)
    {
        var times = stackalloc long[] { seconds, nanoseconds, seconds, nanoseconds };
        fixed (byte* p = name)
            return Errno(utimensat(dir, p, times, AtSymlinkNoFollow));
    }

    internal static void WriteAll(SafeFileHandle file, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            for (var done = 0; done < bytes.Length;)
            {
                var n = write(file, p + done, (nuint)(bytes.Length - done));
                var errno = Errno(n);
                if (errno != 0 && errno != EINTR)
                    throw Failure("write", "a file", errno);
                done += (int)Math.Max(0, n);
            }
        }
    }

    /// <summary>What was written in this file system is on the disk afterwards. A failure is never retried.</summary>
    internal static void SyncWholeFileSystem(SafeFileHandle file)
    {
        if (Errno(SyncFileSystem(file)) is var errno and not 0)
            throw Failure("syncfs", "the image store", errno);
    }

    /// <summary>The file (or directory) is on the disk afterwards.</summary>
    internal static void Sync(SafeFileHandle file, string path)
    {
        if (Errno(SyncFile(file)) is var errno and not 0)
            throw Failure("fsync", path, errno);
    }

    internal static IOException Failure(string call, string path, int errno) =>
        new($"{call} {path}: {Marshal.GetPInvokeErrorMessage(errno)}");
}
