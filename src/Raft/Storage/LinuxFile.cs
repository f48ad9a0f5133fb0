using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Raft.Storage;

/// <summary>An open file of Linux: explicit offsets, and the errno of every call that fails.</summary>
internal sealed class LinuxFile(string path, FileStream stream) : IDiskFile
{
    private const int ZerosBytes = 1 << 20;
    private readonly SafeFileHandle _handle = stream.SafeFileHandle;

    public long LengthBytes => RandomAccess.GetLength(_handle);

    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var count = Checked("read", path, LibC.Read(_handle, buffer, buffer.Length, offset));
            if (count == 0 && offset >= LengthBytes)
                throw new StorageCorruptException(path, offset, "the file ends where more was expected");
            offset += count;
            buffer = buffer[count..];
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes) => Write(_handle, path, offset, bytes);

    public void Sync() => Sync(_handle, path);

    /// <summary>Blocks without content: no time is spent on them.</summary>
    public void Allocate(long lengthBytes)
    {
        if (!TryAllocate(lengthBytes))
            WriteZeros(lengthBytes);
    }

    /// <summary>Space is taken first, so that a full disk is found before anything is written; blocks that are only
    /// taken would still change metadata when they are written.</summary>
    public void WriteZeros(long lengthBytes)
    {
        TryAllocate(lengthBytes);
        var zeros = new byte[(int)Math.Min(lengthBytes, ZerosBytes)];
        for (var at = 0L; at < lengthBytes; at += zeros.Length)
            Write(at, zeros.AsSpan(0, (int)Math.Min(zeros.Length, lengthBytes - at)));
    }

    public void Dispose() => stream.Dispose();

    /// <summary>Writes all bytes of a file that is open.</summary>
    internal static void Write(SafeFileHandle file, string path, long offset, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var count = Checked("write", path, LibC.Write(file, bytes, bytes.Length, offset));
            offset += count;
            bytes = bytes[count..];
        }
    }

    internal static void Sync(SafeFileHandle file, string path)
    {
        if (LibC.SyncData(file) != 0)
            throw new StorageFailedException("fdatasync", path, Marshal.GetLastPInvokeError());
    }

    /// <summary>False when the file system cannot.</summary>
    private bool TryAllocate(long lengthBytes)
    {
        while (LibC.Allocate(_handle, 0, 0, lengthBytes) != 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            if (errno == LibC.NotSupported)
                return false;
            if (errno != LibC.Interrupted)
                throw new StorageFailedException("fallocate", path, errno);
        }
        return true;
    }

    private static int Checked(string operation, string path, nint result)
    {
        if (result >= 0)
            return (int)result;
        var errno = Marshal.GetLastPInvokeError();
        return errno == LibC.Interrupted ? 0 : throw new StorageFailedException(operation, path, errno);
    }
}
