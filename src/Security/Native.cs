using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Security;

/// <summary>
/// System calls for which .NET has no reliable way: its own flush to disk ignores errors, it cannot open a
/// directory, and it cannot exchange two directories in one step.
/// </summary>
internal static partial class Native
{
    private const int ReadOnlyCloseOnExec = 0x80000;
    private const int CurrentDirectory = -100;
    private const uint RenameExchange = 2;
    private const int NoSuchFile = 2;

    /// <summary>Forces a written file to the disk.</summary>
    /// <exception cref="IOException">It may not be there; the path and the system's words.</exception>
    public static void Sync(SafeFileHandle file, string path)
    {
        if (fsync(file) != 0)
        {
            throw Failure("fsync", path, Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Forces the names in a directory to the disk.</summary>
    /// <exception cref="IOException">They may not be there.</exception>
    public static void SyncDirectory(string path)
    {
        var descriptor = open(path, ReadOnlyCloseOnExec);
        if (descriptor < 0)
        {
            throw Failure("open", path, Marshal.GetLastPInvokeError());
        }

        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        Sync(handle, path);
    }

    /// <summary>Gives a directory the name of another, which gets the first one's name if it exists.</summary>
    /// <exception cref="IOException">Nothing has changed.</exception>
    public static void Replace(string from, string to)
    {
        if (renameat2(CurrentDirectory, from, CurrentDirectory, to, RenameExchange) == 0)
        {
            return;
        }

        var exchangeError = Marshal.GetLastPInvokeError();
        if (exchangeError != NoSuchFile)
        {
            throw Failure("exchange with " + from, to, exchangeError);
        }

        if (renameat2(CurrentDirectory, from, CurrentDirectory, to, 0) != 0)
        {
            throw Failure("rename from " + from, to, Marshal.GetLastPInvokeError());
        }
    }

    private static IOException Failure(string call, string path, int error) =>
        new($"{path}: {call} failed: {Marshal.GetPInvokeErrorMessage(error)} (errno {error})");

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle descriptor);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int fromDirectory, string from, int toDirectory, string to, uint flags);
}
