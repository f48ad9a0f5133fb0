using System.Runtime.InteropServices;

namespace Swarm.Runtime.Containers;

/// <summary>epoll, eventfd and inotify for the one thread that watches all containers.</summary>
internal static unsafe partial class WatchNative
{
    internal const uint EpollIn = 1;
    private const int EpollAdd = 1;
    private const int EpollRemove = 2;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const uint MovedTo = 0x80;
    private const int EventHeaderBytes = 16;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int fd, byte* item);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int epoll, byte* items, int count, int timeoutMs);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, in ulong value, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(int fd, string path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_rm_watch(int fd, int watch);

    // The kernel packs epoll_event on x86-64 only.
    private static int ItemBytes => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private static int DataOffset => ItemBytes - 8;

    internal static int NewEpoll() => Checked(epoll_create1(CloseOnExec), "epoll_create1");

    internal static int NewEvent() => Checked(eventfd(0, CloseOnExec | NonBlocking), "eventfd");

    internal static int NewInotify() => Checked(inotify_init1(CloseOnExec | NonBlocking), "inotify_init1");

    internal static void Signal(int eventFd) => _ = write(eventFd, 1UL, sizeof(ulong));

    internal static void Add(int epoll, int fd, long key)
    {
        var item = stackalloc byte[16];
        *(uint*)item = EpollIn;
        *(long*)(item + DataOffset) = key;
        Checked(epoll_ctl(epoll, EpollAdd, fd, item), "epoll_ctl");
    }

    internal static void Remove(int epoll, int fd)
    {
        var item = stackalloc byte[16];
        _ = epoll_ctl(epoll, EpollRemove, fd, item);
    }

    /// <summary>Keys of what is ready.</summary>
    internal static int Wait(int epoll, Span<long> keys)
    {
        var items = stackalloc byte[16 * keys.Length];
        var count = epoll_wait(epoll, items, keys.Length, -1);
        for (var i = 0; i < count; i++)
            keys[i] = *(long*)(items + i * ItemBytes + DataOffset);
        return Math.Max(0, count);
    }

    /// <summary>Watch descriptor for files that are renamed into a directory.</summary>
    internal static int WatchRenames(int inotify, string directory) =>
        Checked(inotify_add_watch(inotify, directory, MovedTo), "inotify_add_watch " + directory);

    internal static void Unwatch(int inotify, int watch) => _ = inotify_rm_watch(inotify, watch);

    /// <summary>Watch descriptors that had an event; call until it adds nothing.</summary>
    internal static void ReadRenames(int inotify, HashSet<int> watches)
    {
        Span<byte> buffer = stackalloc byte[8192];
        var count = ContainerNative.Read(inotify, buffer);
        for (var at = 0; at + EventHeaderBytes <= count;)
        {
            watches.Add(MemoryMarshal.Read<int>(buffer[at..]));
            at += EventHeaderBytes + MemoryMarshal.Read<int>(buffer[(at + 12)..]);
        }
    }

    private static int Checked(int result, string call)
    {
        var errno = Marshal.GetLastPInvokeError();
        return result >= 0 ? result : throw new IOException($"{call}: {Marshal.GetPInvokeErrorMessage(errno)}");
    }
}
