using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Containers;

/// <summary>System calls that containers need beside what .NET offers.</summary>
internal static unsafe partial class ContainerNative
{
    internal const int AtFdCwd = -100;
    internal const int SigKill = 9;
    internal const int EINTR = 4;
    internal const int ESRCH = 3;
    internal const short PollIn = 1;
    private const int PrSetDumpable = 4;
    private const int SysPidfdSendSignal = 424;
    private const int SysPidfdOpen = 434;
    private const int SysCloseRange = 436;
    private const uint CloseRangeCloexec = 4;
    private const int ORdOnlyDirectoryCloexec = 0x10000 | 0x80000;
    private const int OCloexec = 0x80000;
    private const int OWrOnly = 1;
    private const int StatxBytes = 256;
    private const uint StatxInoSize = 0x100 | 0x200;

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, long a, long b, long c, long d);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(int fd);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string from, string to);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* fds, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollFd* fds, ulong count, int timeoutMs);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int waitpid(int pid, out int status, int options);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setpriority(int which, int who, int priority);

    /// <summary>Lets others go first. A process that has ended meanwhile is in nobody's way.</summary>
    internal static void TryYield(int pid, int nice) => _ = setpriority(0, pid, nice);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int dirFd, string path, int flags, uint mask, byte* buffer);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFd
    {
        public int Fd;
        public short Events;
        public short Revents;
    }

    internal static int ForbidDumps() =>
        prctl(PrSetDumpable, 0, 0, 0, 0) == 0 ? 0 : Marshal.GetLastPInvokeError();

    internal static int MarkCloseOnExec(uint firstFd) =>
        syscall(SysCloseRange, firstFd, uint.MaxValue, CloseRangeCloexec, 0) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Null when there is no such process (any more).</summary>
    internal static SafeFileHandle? TryOpenPidFd(int pid)
    {
        var fd = syscall(SysPidfdOpen, pid, 0, 0, 0);
        return fd < 0 ? null : new SafeFileHandle((nint)fd, ownsHandle: true);
    }

    /// <summary>0 or errno.</summary>
    internal static int SendSignal(SafeFileHandle pidFd, int signal)
    {
        var taken = false;
        try
        {
            pidFd.DangerousAddRef(ref taken);
            var result = syscall(SysPidfdSendSignal, pidFd.DangerousGetHandle(), signal, 0, 0);
            return result == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
        finally
        {
            if (taken)
                pidFd.DangerousRelease();
        }
    }

    internal static void SyncFile(SafeFileHandle file)
    {
        if (fdatasync((int)file.DangerousGetHandle()) != 0)
            throw new IOException($"fdatasync failed: errno {Marshal.GetLastPInvokeError()}");
    }

    internal static void SyncDirectory(string path)
    {
        var fd = open(path, ORdOnlyDirectoryCloexec);
        var errno = Marshal.GetLastPInvokeError();
        if (fd < 0)
            throw new IOException($"open {path}: errno {errno}");
        var result = fsync(fd);
        errno = Marshal.GetLastPInvokeError();
        _ = close(fd);
        if (result != 0)
            throw new IOException($"fsync {path}: errno {errno}");
    }

    /// <summary>Null when nobody reads there, or there is no such file.</summary>
    internal static SafeFileHandle? TryOpenForWriting(string path, int flags)
    {
        var fd = open(path, flags | OWrOnly | OCloexec);
        return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
    }

    internal static bool TryLink(string from, string to) => link(from, to) == 0;

    /// <summary>Inode number and size, or null when there is no such file.</summary>
    internal static (ulong Inode, long Bytes)? TryStat(string path)
    {
        var buffer = stackalloc byte[StatxBytes];
        if (statx(AtFdCwd, path, 0x100 /* do not follow links */, StatxInoSize, buffer) != 0)
            return null;
        return (*(ulong*)(buffer + 32), *(long*)(buffer + 40));
    }

    internal static ulong InodeOf(SafeFileHandle file)
    {
        var buffer = stackalloc byte[StatxBytes];
        if (statx((int)file.DangerousGetHandle(), "", 0x1000 /* the descriptor itself */, StatxInoSize, buffer) != 0)
            throw new IOException($"statx failed: errno {Marshal.GetLastPInvokeError()}");
        return *(ulong*)(buffer + 32);
    }

    internal static (int Read, int Write) Pipe()
    {
        var fds = stackalloc int[2];
        if (pipe2(fds, OCloexec) != 0)
            throw new IOException($"pipe2 failed: errno {Marshal.GetLastPInvokeError()}");
        return (fds[0], fds[1]);
    }

    /// <summary>True when there is something to read or the other end is closed.</summary>
    internal static bool WaitReadable(int fd, int timeoutMs)
    {
        var deadline = Environment.TickCount64 + timeoutMs;
        while (true)
        {
            var one = new PollFd { Fd = fd, Events = PollIn };
            var left = (int)Math.Max(0, deadline - Environment.TickCount64);
            var result = poll(&one, 1, left);
            if (result > 0)
                return true;
            if (result == 0 || Marshal.GetLastPInvokeError() != EINTR)
                return false;
        }
    }

    /// <summary>Which of two descriptors is readable; the second may be -1. Both may be, and none when the time is
    /// over.</summary>
    internal static (bool First, bool Second) WaitEither(int first, int second, int timeoutMs)
    {
        var both = stackalloc PollFd[2];
        both[0] = new PollFd { Fd = first, Events = PollIn };
        both[1] = new PollFd { Fd = second, Events = PollIn };
        return poll(both, 2, timeoutMs) > 0 ? (both[0].Revents != 0, both[1].Revents != 0) : (false, false);
    }

    /// <summary>Bytes read; 0 at the end or on error.</summary>
    internal static int Read(int fd, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var count = (int)read(fd, start, (nuint)buffer.Length);
                if (count >= 0)
                    return count;
                if (Marshal.GetLastPInvokeError() != EINTR)
                    return 0;
            }
        }
    }
}
