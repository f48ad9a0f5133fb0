using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Node;

/// <summary>
/// Replaces a small file as a whole, or not at all. libc's own fsync: .NET's reports failures as success
/// (docs/design/raft.md).
/// </summary>
internal static partial class DurableFile
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int ReadOnlyDirectory = 0x10000;

    /// <exception cref="IOException">Nothing was replaced.</exception>
    internal static void Write(string path, byte[] content)
    {
        var temporary = path + ".tmp";
        var options =
            new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = Mode };
        using (var file = new FileStream(temporary, options))
        {
            file.Write(content);
            file.Flush();
            Check(fsync(file.SafeFileHandle), temporary);
        }

        File.Move(temporary, path, overwrite: true);
        using var directory = open(Path.GetDirectoryName(path)!, ReadOnlyDirectory);
        Check(directory.IsInvalid ? -1 : fsync(directory), path);
    }

    private static void Check(int result, string path)
    {
        var errno = Marshal.GetLastPInvokeError();
        if (result != 0)
        {
            throw new IOException($"{path} could not be forced to the disk: {new Win32Exception(errno).Message}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);
}
