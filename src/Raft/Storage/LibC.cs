using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Raft.Storage;

/// <summary>
/// Linux calls. FileStream.Flush(true) and RandomAccess.FlushToDisk swallow errors of fsync on this platform, a failed
/// write does not say its errno, and directories cannot be opened through File: hence these. All set errno.
/// </summary>
internal static partial class LibC
{
    public const int OpenReadOnly = 0;
    public const int OpenReadWrite = 2;
    public const int OpenCreate = 0x40;
    public const int OpenCloseOnExec = 0x80000;
    public const int LockExclusive = 2;
    public const int LockNonBlocking = 4;
    public const int LockRelease = 8;
    public const int Interrupted = 4;
    public const int WouldBlock = 11;
    public const int NotSupported = 95;
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture
        is Architecture.Arm or Architecture.Arm64;

    /// <summary>The bits of this and the next differ between processors.</summary>
    public static int OpenDirectory { get; } = IsArm ? 0x4000 : 0x10000;

    /// <summary>Past the page cache.</summary>
    public static int OpenDirect { get; } = IsArm ? 0x10000 : 0x4000;

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int SyncData(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Lock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    public static partial nint Read(SafeFileHandle file, Span<byte> buffer, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    public static partial nint Write(SafeFileHandle file, ReadOnlySpan<byte> buffer, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);
}
