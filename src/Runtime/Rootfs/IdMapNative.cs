using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Rootfs;

/// <summary>System calls of mounts that show other owners (Linux 5.12).</summary>
internal static unsafe partial class IdMapNative
{
    private const int SysOpenTree = 428;
    private const int SysMoveMount = 429;
    private const int SysMountSetAttr = 442;
    private const int AtFdCwd = -100;
    private const int AtEmptyPath = 0x1000;
    private const uint CloneTree = 1;
    private const int CloseOnExec = 0x80000;
    private const int FromEmptyPath = 4;
    private const ulong IdMapped = 0x100000;
    private const ulong NoSuid = 2;
    private const ulong NoDev = 4;

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, long a, void* b, long c, void* d, long e);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct MountAttributes
    {
        public ulong Set;
        public ulong Clear;
        public ulong Propagation;
        public ulong UserNamespace;
    }

    /// <summary>A namespace of a process by its path below /proc; null and errno when it cannot be opened.</summary>
    internal static SafeFileHandle? TryOpenNamespace(string path, out int errno)
    {
        var fd = open(path, CloseOnExec);
        errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <summary>Mounts a directory once more, with the owners that a user namespace gives it; 0 or errno.</summary>
    internal static int MountMapped(string directory, string place, SafeFileHandle userNamespace)
    {
        var (from, to) = (Marshal.StringToCoTaskMemUTF8(directory), Marshal.StringToCoTaskMemUTF8(place));
        try
        {
            var tree = syscall(SysOpenTree, AtFdCwd, (void*)from, CloneTree | CloseOnExec, null, 0);
            if (tree < 0)
                return Marshal.GetLastPInvokeError();
            using var handle = new SafeFileHandle((nint)tree, ownsHandle: true);
            var attributes = new MountAttributes
            {
                Set = IdMapped | NoSuid | NoDev, UserNamespace = (ulong)userNamespace.DangerousGetHandle(),
            };
            byte empty = 0;
            if (syscall(SysMountSetAttr, tree, &empty, AtEmptyPath, &attributes, sizeof(MountAttributes)) != 0)
                return Marshal.GetLastPInvokeError();
            GC.KeepAlive(userNamespace);
            return MoveTo(tree, &empty, (void*)to);
        }
        finally
        {
            Marshal.FreeCoTaskMem(from);
            Marshal.FreeCoTaskMem(to);
        }
    }

    private static int MoveTo(long tree, byte* empty, void* place) =>
        syscall(SysMoveMount, tree, empty, AtFdCwd, place, FromEmptyPath) == 0 ? 0 : Marshal.GetLastPInvokeError();
}
