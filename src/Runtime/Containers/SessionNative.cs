using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Containers;

/// <summary>What poll(2) is asked about one descriptor; a negative one is left out.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Polled
{
    internal const short Readable = 1;
    internal const short Writable = 4;

    internal int Fd;
    internal short Wanted;
    internal short Seen;
}

/// <summary>System calls of sessions: terminals, descriptors over sockets, reads that never block.</summary>
internal static unsafe partial class SessionNative
{
    internal const int EAGAIN = 11;
    private const int EINTR = 4;
    private const int FGetFlags = 3;
    private const int FSetFlags = 4;
    private const int ONonBlock = 0x800;
    private const int OReadWrite = 2;
    private const int OCloexec = 0x80000;
    private const nuint SetWindowSize = 0x5414;
    private const int EventFlags = ONonBlock | OCloexec;
    private const int SetNow = 0;
    private const int TermiosBytes = 128;
    private const int NameBytes = 64;
    private const int MsgCloexec = 0x40000000;
    private const int ControlBytes = 64;
    private const int ControlHeaderBytes = 16;
    private const int RightsType = 1;
    private const int SocketLevel = 1;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(Polled* fds, ulong count, int timeoutMs);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle file, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle file, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeFileHandle file, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle file, nuint request, ushort* size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint value, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlockpt(SafeFileHandle master);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ptsname_r(SafeFileHandle master, byte* name, nuint bytes);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(SafeFileHandle file, byte* settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(SafeFileHandle file, int when, byte* settings);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(byte* settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvmsg(SafeHandle socket, MessageHeader* message, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public nint Name;
        public ulong NameBytes;
        public Piece* Pieces;
        public ulong PieceCount;
        public byte* Control;
        public ulong ControlBytes;
        public long Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Piece
    {
        public byte* Start;
        public ulong Bytes;
    }

    /// <summary>Waits until one of them is ready or the time (negative: none) is over.</summary>
    internal static void Poll(Span<Polled> fds, int timeoutMs)
    {
        fixed (Polled* first = fds)
        {
            if (poll(first, (ulong)fds.Length, timeoutMs) >= 0)
                return;
            var errno = Marshal.GetLastPInvokeError();
            if (errno != EINTR)
                throw new IOException($"poll: errno {errno}");
            foreach (ref var fd in fds)
                fd.Seen = 0;
        }
    }

    /// <summary>Bytes read, 0 at the end (a terminal that nobody holds says EIO), -1 when nothing is there.</summary>
    internal static int Read(SafeFileHandle file, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            var count = (int)read(file, start, (nuint)buffer.Length);
            return count >= 0 ? count : Marshal.GetLastPInvokeError() is EAGAIN or EINTR ? -1 : 0;
        }
    }

    /// <summary>Bytes written, -1 when there is no room now, -2 when nobody will ever read them.</summary>
    internal static int Write(SafeFileHandle file, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            var count = (int)write(file, start, (nuint)bytes.Length);
            return count >= 0 ? count : Marshal.GetLastPInvokeError() is EAGAIN or EINTR ? -1 : -2;
        }
    }

    internal static void SetNonBlocking(SafeFileHandle file)
    {
        if (fcntl(file, FSetFlags, fcntl(file, FGetFlags, 0) | ONonBlock) != 0)
            throw Failed("fcntl");
    }

    /// <summary>A terminal that has gone is no error.</summary>
    internal static void Resize(SafeFileHandle terminal, TerminalSize size)
    {
        var words = stackalloc ushort[] { size.Rows, size.Columns, 0, 0 };
        _ = ioctl(terminal, SetWindowSize, words);
    }

    internal static SafeFileHandle NewEvent() => Own(eventfd(0, EventFlags), "eventfd");

    /// <summary>A pseudo terminal that changes nothing of what passes, and the path of its other side.</summary>
    internal static SafeFileHandle NewTerminal(out string path)
    {
        var master = Own(posix_openpt(OReadWrite | OCloexec | 0x100 /* never ours */), "posix_openpt");
        var name = stackalloc byte[NameBytes];
        var settings = stackalloc byte[TermiosBytes];
        if (unlockpt(master) != 0 || ptsname_r(master, name, NameBytes) != 0 || tcgetattr(master, settings) != 0)
            throw Failed("terminal");
        cfmakeraw(settings);
        if (tcsetattr(master, SetNow, settings) != 0)
            throw Failed("tcsetattr");
        path = Marshal.PtrToStringUTF8((nint)name)!;
        return master;
    }

    /// <summary>The descriptor that came with a message; null when there was none.</summary>
    internal static SafeFileHandle? ReceiveDescriptor(SafeHandle socket)
    {
        byte data;
        var control = stackalloc byte[ControlBytes];
        var piece = new Piece { Start = &data, Bytes = 1 };
        var message = new MessageHeader
        {
            Pieces = &piece, PieceCount = 1, Control = control, ControlBytes = ControlBytes,
        };
        if (recvmsg(socket, &message, MsgCloexec) <= 0 || message.ControlBytes < ControlHeaderBytes + sizeof(int)
            || *(int*)(control + 8) != SocketLevel || *(int*)(control + 12) != RightsType)
        {
            return null;
        }
        return new SafeFileHandle(*(int*)(control + ControlHeaderBytes), ownsHandle: true);
    }

    private static SafeFileHandle Own(int fd, string call) =>
        fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw Failed(call);

    private static IOException Failed(string call) => new($"{call}: errno {Marshal.GetLastPInvokeError()}");
}
