using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Raft.Storage;

/// <summary>
/// Writes that the kernel does beside each other (io_submit): two places of a disk cost one wait. One caller at a time.
/// </summary>
internal sealed unsafe partial class KernelQueue : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Writes at a time.</summary>
    public const int MaxWrites = 2;

    private const ushort WriteCommand = 1;
    private static readonly Calls? Numbers = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => new(206, 207, 208, 209),
        Architecture.Arm64 => new(0, 1, 4, 2),
        _ => null,
    };

    public KernelQueue()
        : base(ownsHandle: true)
    {
    }

    /// <summary>Null when the kernel has none to give.</summary>
    public static KernelQueue? TryCreate()
    {
        nint context = 0;
        if (Numbers is not { } calls || SystemCall(calls.Setup, MaxWrites, (nint)(&context), 0, 0, 0) != 0)
            return null;
        var queue = new KernelQueue();
        queue.SetHandle(context);
        return queue;
    }

    /// <summary>Both runs are in the file when it returns; false when the kernel took only a part of one.</summary>
    /// <param name="file">Opened past the page cache.</param>
    /// <param name="path">For the message.</param>
    /// <param name="first">What goes there.</param>
    /// <param name="second">What goes somewhere else.</param>
    /// <exception cref="StorageFailedException">The medium failed.</exception>
    public bool TryWrite(SafeFileHandle file, string path, PageRun first, PageRun second)
    {
        var writes = stackalloc Write[MaxWrites];
        writes[0] = Of(file, first);
        writes[1] = Of(file, second);
        var list = stackalloc Write*[MaxWrites] { writes, writes + 1 };
        var begun = 0;
        while (begun < MaxWrites)
        {
            var count = SystemCall(Numbers!.Submit, handle, MaxWrites - begun, (nint)(list + begun), 0, 0);
            if (count < 0 && Marshal.GetLastPInvokeError() is var errno && errno != LibC.Interrupted)
            {
                // What has begun reads this memory: nobody may free it before it ends.
                _ = Await(path, begun, first.PagesBytes);
                throw new StorageFailedException("write", path, errno);
            }
            begun += (int)Math.Max(count, 0);
        }
        return Await(path, begun, first.PagesBytes + second.PagesBytes);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => SystemCall(Numbers!.Destroy, handle, 0, 0, 0, 0) == 0;

    private static Write Of(SafeFileHandle file, PageRun run) => new()
    {
        Command = WriteCommand,
        File = (uint)file.DangerousGetHandle(),
        Memory = (ulong)run.Memory,
        Bytes = (ulong)run.PagesBytes,
        Offset = run.Start,
    };

    private bool Await(string path, int count, int bytes)
    {
        var ended = stackalloc Ended[MaxWrites];
        var failed = 0;
        while (count > 0)
        {
            var some = (int)SystemCall(Numbers!.GetEvents, handle, count, count, (nint)ended, 0);
            if (some < 0 && Marshal.GetLastPInvokeError() is var errno && errno != LibC.Interrupted)
                throw new StorageFailedException("write", path, errno);
            for (var i = 0; i < some; i++)
            {
                if (ended[i].Result < 0)
                    failed = (int)-ended[i].Result;
                else
                    bytes -= (int)ended[i].Result;
            }
            count -= Math.Max(some, 0);
        }
        return failed == 0 ? bytes == 0 : throw new StorageFailedException("write", path, failed);
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint a, nint b, nint c, nint d, nint e);

    /// <summary>Numbers of the calls: libc has no names for them.</summary>
    private sealed record Calls(nint Setup, nint Destroy, nint GetEvents, nint Submit);

    /// <summary>struct iocb of linux/aio_abi.h, as it lies in memory of a little-endian machine.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Write
    {
        public ulong Data;
        public uint Key;
        public uint Flags;
        public ushort Command;
        public short Priority;
        public uint File;
        public ulong Memory;
        public ulong Bytes;
        public long Offset;
        public ulong Reserved;
        public uint MoreFlags;
        public uint Notify;
    }

    /// <summary>struct io_event.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Ended
    {
        public ulong Data;
        public ulong Of;
        public long Result;
        public long Result2;
    }
}
