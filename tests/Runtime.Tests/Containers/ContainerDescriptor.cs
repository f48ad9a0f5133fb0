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

    private const int GetFlags = 1;
    private const int NewNetwork = 0x40000000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc")]
    private static partial int gettid();

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, long argument);
}
