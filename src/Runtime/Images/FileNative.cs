using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Images;

/// <summary>What a name in a directory is; links are not followed. Device is 0 for the device 0:0 alone.</summary>
internal readonly record struct FileFacts(
    uint Mode,
    uint Uid,
    uint Gid,
    long MtimeSeconds,
    uint MtimeNanoseconds,
    uint Device,
    bool IsMountRoot)
{
    internal const uint TypeMask = 0xF000;
    internal const uint Directory = 0x4000;
    internal const uint Regular = 0x8000;
    internal const uint Symlink = 0xA000;
    internal const uint CharacterDevice = 0x2000;
    internal const uint Fifo = 0x1000;
    internal const uint PermissionMask = 0xFFF;

    internal uint Type => Mode & TypeMask;

    /// <summary>Number of the file within its file system.</summary>
    internal ulong Inode { get; init; }

    /// <summary>Names that it has.</summary>
    internal uint Links { get; init; }

    internal long Bytes { get; init; }

    internal bool IsDirectory => Type == Directory;

    /// <summary>Overlayfs' mark that a name of the layers below is gone.</summary>
    internal bool IsWhiteout => Type == CharacterDevice && Device == 0;
}

/// <summary>An extended attribute; the name ends with a zero byte.</summary>
internal sealed record FileAttribute(byte[] Name, byte[] Value);

/// <summary>Calls that read: file facts, extended attributes, directory entries.</summary>
internal static unsafe partial class FileNative
{
    private const int StatxBytes = 256;

    /// <summary>XATTR_SIZE_MAX and XATTR_LIST_MAX of the kernel.</summary>
    private const int MaxAttributeBytes = 64 * 1024;
    private const uint StatxBasic = 0x7FF;
    private const ulong AttributeMountRoot = 0x2000;
    private const int EntryHeaderBytes = 19;
    private const int EntryLengthOffset = 16;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(SafeFileHandle dir, byte* path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlinkat(SafeFileHandle dir, byte* path, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsetxattr(SafeFileHandle file, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint fgetxattr(SafeFileHandle file, byte* name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint flistxattr(SafeFileHandle file, byte* names, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(SafeFileHandle dir, byte* buffer, nuint size);

    private static int Errno(long result) => result >= 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Null and errno when there is no such name.</summary>
    internal static FileFacts? TryFacts(SafeFileHandle dir, byte[] name, out int errno)
    {
        var buffer = stackalloc byte[StatxBytes];
        fixed (byte* p = name)
            errno = Errno(statx(dir, p, ImageNative.AtSymlinkNoFollow | ImageNative.AtEmptyPath, StatxBasic, buffer));
        return errno != 0
            ? null
            : new FileFacts(
                *(ushort*)(buffer + 28), *(uint*)(buffer + 20), *(uint*)(buffer + 24), *(long*)(buffer + 112),
                *(uint*)(buffer + 120), *(uint*)(buffer + 128) | *(uint*)(buffer + 132),
                (*(ulong*)(buffer + 8) & AttributeMountRoot) != 0)
            {
                Links = *(uint*)(buffer + 16), Inode = *(ulong*)(buffer + 32), Bytes = *(long*)(buffer + 40),
            };
    }

    internal static FileFacts Facts(SafeFileHandle file) =>
        TryFacts(file, [0], out var errno) ?? throw ImageNative.Failure("statx", "an open file", errno);

    /// <summary>Target of a symbolic link, with a zero at its end; null and errno when it cannot be read. An empty
    /// name is the handle itself, of a link that was opened.</summary>
    internal static byte[]? TryReadLink(SafeFileHandle dir, byte[] name, out int errno)
    {
        var buffer = new byte[LayerLimits.MaxPathBytes + 1];
        nint length;
        fixed (byte* p = name, b = buffer)
            length = readlinkat(dir, p, b, LayerLimits.MaxPathBytes);
        errno = Errno(length);
        return errno == 0 ? buffer[..((int)length + 1)] : null;
    }

    internal static int SetAttribute(SafeFileHandle file, byte[] name, ReadOnlySpan<byte> value)
    {
        fixed (byte* n = name, v = value)
            return Errno(fsetxattr(file, n, v, (nuint)value.Length, 0));
    }

    internal static bool HasAttribute(SafeFileHandle file, byte[] name, ReadOnlySpan<byte> value)
    {
        Span<byte> found = new byte[value.Length];
        fixed (byte* n = name, f = found)
            return fgetxattr(file, n, f, (nuint)found.Length) == value.Length && found.SequenceEqual(value);
    }

    /// <summary>The attributes that programs give (user.*), as an image may have them.</summary>
    internal static IReadOnlyList<FileAttribute> UserAttributes(SafeFileHandle file)
    {
        var names = new byte[MaxAttributeBytes];
        nint length;
        fixed (byte* p = names)
            length = flistxattr(file, p, (nuint)names.Length);
        var found = new List<FileAttribute>();
        for (var at = 0; at < length;)
        {
            var end = names.AsSpan(at).IndexOf((byte)0) + 1;
            var name = names[at..(at + end)];
            at += end;
            if (!name.AsSpan().StartsWith("user."u8))
                continue;
            if (Attribute(file, name) is { } value)
                found.Add(new FileAttribute(name, value));
        }

        return found;
    }

    /// <summary>One extended attribute; null when the file has none of that name.</summary>
    internal static byte[]? Attribute(SafeFileHandle file, byte[] name)
    {
        var value = new byte[MaxAttributeBytes];
        nint length;
        fixed (byte* n = name, v = value)
            length = fgetxattr(file, n, v, (nuint)value.Length);
        return length < 0 ? null : value[..(int)length];
    }

    /// <summary>
    /// Appends the next names of the directory (zero-terminated, without . and ..); false at its end.
    /// </summary>
    internal static bool ReadNames(SafeFileHandle dir, Span<byte> buffer, List<byte[]> names)
    {
        long filled;
        int errno;
        fixed (byte* p = buffer)
        {
            filled = getdents64(dir, p, (nuint)buffer.Length);
            errno = Errno(filled);
        }

        if (errno != 0)
            throw ImageNative.Failure("getdents64", "a directory", errno);
        for (var at = 0; at < filled;)
        {
            var length = BitConverter.ToUInt16(buffer[(at + EntryLengthOffset)..]);
            var text = buffer.Slice(at + EntryHeaderBytes, length - EntryHeaderBytes);
            text = text[..(text.IndexOf((byte)0) + 1)];
            if (!text.SequenceEqual(".\0"u8) && !text.SequenceEqual("..\0"u8))
                names.Add(text.ToArray());
            at += length;
        }

        return filled > 0;
    }
}
