using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Containers;

/// <summary>
/// Calls on what was opened by O_PATH: nothing of the container is opened before it is known what it is, since opening
/// a device or a pipe already does something.
/// </summary>
internal static unsafe partial class CopyNative
{
    private const int StatFsBytes = 256;

    // proc, sysfs, cgroup, cgroup2, debugfs, tracefs, securityfs, bpf, devpts, mqueue.
    private static readonly long[] s_kernelTypes =
    [
        0x9FA0, 0x62656572, 0x27E0EB, 0x63677270, 0x64626720, 0x74726163, 0x73636673, 0xCAFE4A11, 0x1CD1, 0x19800202,
    ];

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fstatfs(SafeFileHandle file, byte* buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(SafeFileHandle file, uint mode);

    /// <summary>0 or errno.</summary>
    internal static int ChangeMode(SafeFileHandle file, uint mode) =>
        fchmod(file, mode) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Target of a link that was opened itself.</summary>
    internal static byte[] LinkTarget(SafeFileHandle link) =>
        FileNative.TryReadLink(link, [0], out var errno) is { } target
            ? target[..^1]
            : throw ImageNative.Failure("readlink", "a link", errno);

    /// <summary>Its files are the kernel's: reading or writing them acts on the host.</summary>
    internal static bool IsKernelFileSystem(SafeFileHandle file)
    {
        var buffer = stackalloc byte[StatFsBytes];
        return fstatfs(file, buffer) != 0 || s_kernelTypes.Contains(*(uint*)buffer);
    }

    /// <summary>The same file again, for reading. Only for what is known to be a regular file.</summary>
    /// <remarks>Not .NET's own open, which takes a lock that the container may have.</remarks>
    internal static SafeFileHandle OpenAgain(SafeFileHandle file)
    {
        var fd = open($"/proc/self/fd/{file.DangerousGetHandle()}", ImageNative.ONonBlock | ImageNative.OCloexec);
        return fd >= 0
            ? new SafeFileHandle(fd, ownsHandle: true)
            : throw ImageNative.Failure("open", "a file", Marshal.GetLastPInvokeError());
    }
}
