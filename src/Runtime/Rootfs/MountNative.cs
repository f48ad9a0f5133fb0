using System.Runtime.InteropServices;

namespace Swarm.Runtime.Rootfs;

/// <summary>System calls for mounting.</summary>
internal static partial class MountNative
{
    internal const int EINVAL = 22;
    internal const int ENOENT = 2;
    private const int CloneFs = 0x200;
    private const int MountDetach = 2;
    private const int UnmountNoFollow = 8;
    private const ulong ReadOnly = 1;
    private const ulong NoSuid = 2;
    private const ulong NoDev = 4;
    private const ulong NoExec = 8;
    private const ulong Remount = 32;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chdir(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string type, ulong flags, string data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    /// <summary>
    /// Mounts an overlay whose options are relative to <paramref name="directory"/>. The calling thread gets a working
    /// directory of its own and must end afterwards. 0 or errno.
    /// </summary>
    internal static int MountOverlayFrom(string directory, string target, string options)
    {
        if (unshare(CloneFs) != 0 || chdir(directory) != 0 || mount("overlay", target, "overlay", NoDev, options) != 0)
            return Marshal.GetLastPInvokeError();
        return 0;
    }

    /// <summary>Mounts a file system that is in memory; 0 or errno.</summary>
    internal static int MountMemory(string type, string target, string options) =>
        mount(type, target, type, NoSuid | NoDev, options) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Mounts what the kernel tells of devices, as the thread's network namespace has them; 0 or
    /// errno.</summary>
    internal static int MountKernelDevices(string target) =>
        mount("sysfs", target, "sysfs", ReadOnly | NoSuid | NoDev | NoExec, "") == 0
            ? 0
            : Marshal.GetLastPInvokeError();

    /// <summary>Nobody writes to it any more, through whatever mount of it; 0 or errno.</summary>
    internal static int MakeReadOnly(string target) =>
        mount("none", target, "", Remount | ReadOnly | NoSuid | NoDev, "") == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>0 or errno.</summary>
    internal static int ChangeOwner(string path, uint uid, uint gid) =>
        lchown(path, uid, gid) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>0 or errno. Processes that still use the mount keep it until they end.</summary>
    internal static int Unmount(string target) =>
        umount2(target, MountDetach | UnmountNoFollow) == 0 ? 0 : Marshal.GetLastPInvokeError();
}
