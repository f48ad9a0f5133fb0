using System.Runtime.InteropServices;

namespace Swarm.Runtime.Tests.Containers;

/// <summary>A descriptor as a careless parent leaves it: open, and not close-on-exec.</summary>
internal static partial class ContainerDescriptor
{
    internal static int OpenInheritable(string path) => open(path, 0);

    internal static bool IsCloseOnExec(int fd) => (fcntl(fd, GetFlags, 0) & 1) == 1;

    /// <summary>Runs work on a thread with a new network namespace, whose path it is given.</summary>
    internal static void InNewNetworkNamespace(Action<string> work)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                if (unshare(NewNetwork) != 0)
                    throw new InvalidOperationException($"unshare: errno {Marshal.GetLastPInvokeError()}");
                work($"/proc/{Environment.ProcessId}/task/{gettid()}/ns/net");
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    internal static bool IsDumpable() => prctl(GetDumpable, 0, 0, 0, 0) == 1;

    internal static void MakeDumpable() => Assert.Equal(0, prctl(SetDumpable, 1, 0, 0, 0));

    /// <summary>Two names change places in one step.</summary>
    internal static void Exchange(string one, string other) =>
        Assert.Equal(0, renameat2(AtFdCwd, one, AtFdCwd, other, RenameExchange));

    private const int AtFdCwd = -100;
    private const uint RenameExchange = 2;
    private const int GetDumpable = 3;
    private const int SetDumpable = 4;
    private const int GetFlags = 1;
    private const int NewNetwork = 0x40000000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int fromDir, string from, int toDir, string to, uint flags);

    [LibraryImport("libc")]
    private static partial int gettid();

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, long argument);
}
