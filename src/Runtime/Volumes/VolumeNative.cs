using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Volumes;

/// <summary>System calls of volumes.</summary>
internal static partial class VolumeNative
{
    internal const ulong ReadOnly = 1;
    internal const ulong NoSuid = 2;
    internal const ulong NoDev = 4;
    internal const ulong NoExec = 8;
    internal const ulong Synchronous = 16;
    internal const ulong NoAtime = 1024;
    internal const ulong NoDirAtime = 2048;
    internal const ulong Bind = 4096;
    internal const ulong Recursive = 16384;
    internal const ulong RelAtime = 1 << 21;
    internal const ulong StrictAtime = 1 << 24;
    internal const int EINVAL = 22;
    internal const int ENODEV = 19;
    private const ulong Remount = 32;
    private const ulong Slave = 1 << 19;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string type, ulong flags, string data);

    /// <summary>0 or errno. A bind takes its other flags in a second step.</summary>
    internal static int Mount(VolumeMount what, string target)
    {
        if (!what.IsBind)
            return Errno(mount(what.Device, target, what.Type, what.Flags, what.Data));
        var errno = Errno(mount(what.Device, target, "none", what.Flags & (Bind | Recursive), ""));
        return errno != 0 ? errno : Errno(mount("none", target, "none", what.Flags | Remount, ""));
    }

    /// <summary>Shows what the handle has open at another place; 0 or errno.</summary>
    internal static int BindHandle(SafeFileHandle what, string target, bool recursive = false)
    {
        var errno = Errno(mount(
            $"/proc/self/fd/{what.DangerousGetHandle()}", target, "none", recursive ? Bind | Recursive : Bind, ""));
        GC.KeepAlive(what);
        return errno;
    }

    /// <summary>From now on nothing that happens to this mount happens to what it was bound from; 0 or errno.</summary>
    internal static int StopSharing(string target) => Errno(mount("none", target, "none", Slave | Recursive, ""));

    private static int Errno(long result) => result >= 0 ? 0 : Marshal.GetLastPInvokeError();
}
