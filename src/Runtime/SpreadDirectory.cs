using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Swarm.Runtime.Images;

namespace Swarm.Runtime;

/// <summary>
/// A directory below which many trees come and go. ext4 puts a new directory into the block group of its parent, and
/// looks at every inode there that was deleted in the last minute before it takes one: with a few hundred containers
/// a minute that was a third of all the processor time of starting one. Marked as the top of hierarchies (chattr +T),
/// each tree below it gets a group of its own.
/// </summary>
public static partial class SpreadDirectory
{
    private const uint GetFlags = 0x80086601;
    private const uint SetFlags = 0x40086602;
    private const int TopOfHierarchies = 0x20000;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>
    /// Makes the directory, mode 0700, and marks it. False on file systems that know no such mark, and need none.
    /// </summary>
    public static bool Make(string path)
    {
        Directory.CreateDirectory(path, OwnerOnly);
        return Change(path, static flags => flags | TopOfHierarchies) is not null;
    }

    /// <summary>Null where the file system cannot tell.</summary>
    internal static bool? IsMarked(string path) =>
        Change(path, null) is { } flags ? (flags & TopOfHierarchies) != 0 : null;

    /// <summary>The flags as they are now; null when the file system has none, or not this one.</summary>
    private static int? Change(string path, Func<int, int>? change)
    {
        using var directory = ImageNative.OpenDirectory(path);
        var flags = 0;
        if (ioctl(directory, GetFlags, ref flags) != 0)
            return null;
        if (change is null)
            return flags;
        var wanted = change(flags);
        return wanted == flags || ioctl(directory, SetFlags, ref wanted) == 0 ? wanted : null;
    }

    [LibraryImport("libc")]
    private static partial int ioctl(SafeFileHandle directory, nuint request, ref int flags);
}
