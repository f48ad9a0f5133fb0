using System.Runtime.InteropServices;

namespace Swarm.Ctl.Verbs;

internal enum LocalKind
{
    File,
    Directory,
    Link,

    /// <summary>Device, socket or pipe.</summary>
    Other,
}

/// <summary>What .NET does not tell of files: devices are files to it, and owners are nobody's.</summary>
internal static partial class LocalFile
{
    private const int StatxBytes = 256;
    private const int ModeOffset = 28;
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint TypeField = 1;

    /// <summary>Of the name itself; null when there is nothing.</summary>
    internal static LocalKind? KindOf(string path)
    {
        var buffer = new byte[StatxBytes];
        return statx(CurrentDirectory, path, NoFollow, TypeField, buffer) != 0
            ? null
            : (BitConverter.ToUInt16(buffer, ModeOffset) & 0xF000) switch
            {
                0x8000 => LocalKind.File,
                0x4000 => LocalKind.Directory,
                0xA000 => LocalKind.Link,
                _ => LocalKind.Other,
            };
    }

    /// <summary>Of the name itself, not of what a link leads to.</summary>
    /// <exception cref="IOException">Not allowed.</exception>
    internal static void ChangeOwner(string path, int uid, int gid)
    {
        if (lchown(path, uid, gid) != 0)
        {
            throw new IOException($"{path}: owner {uid}:{gid}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, [Out] byte[] buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, int uid, int gid);
}
