using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Raft.Storage;

/// <summary>Files of Linux: explicit offsets, fdatasync whose errno is looked at, directories made durable.</summary>
public sealed class LinuxDisk : IDisk
{
    /// <summary>Exceptions of the runtime carry an errno as it is, or a number of their own that is no errno.</summary>
    private const int MaxErrno = 4095;

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>They outlive a segment of the log: the kernel takes tens of milliseconds to end one.</summary>
    private readonly ConcurrentBag<KernelQueue> _queues = [];

    /// <inheritdoc/>
    public void CreateDirectory(string directory)
    {
        var full = Path.GetFullPath(directory);
        if (Directory.Exists(full))
            return;
        var parent = Path.GetDirectoryName(full)!;
        CreateDirectory(parent);
        Guard("create", full, () => Directory.CreateDirectory(full, Private | UnixFileMode.UserExecute));
        SyncDirectory(parent);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory) => Guard("list", directory, () => !Path.Exists(directory)
        ? []
        : (string[])[.. Directory.GetFiles(directory).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)]);

    /// <inheritdoc/>
    public IDiskFile Create(string path) => new LinuxFile(path, OpenStream(path, FileMode.Create));

    /// <inheritdoc/>
    public IDiskFile Open(string path) => new LinuxFile(path, OpenStream(path, FileMode.Open));

    /// <summary>Past the page cache where file system and kernel can do that.</summary>
    public IDiskFile OpenToAppend(string path, long end)
    {
        if (!_queues.TryTake(out var queue) && (queue = KernelQueue.TryCreate()) is null)
            return Open(path);
        return AppendedFile.TryOpen(path, end, queue, _queues.Add) ?? Open(path);
    }

    /// <inheritdoc/>
    public void Rename(string from, string to) => Guard("rename", from, () => File.Move(from, to, overwrite: true));

    /// <inheritdoc/>
    public void Delete(string path) => Guard("delete", path, () => File.Delete(path));

    /// <inheritdoc/>
    public DateTimeOffset? WrittenAt(string path) =>
        Guard<DateTimeOffset?>("look at", path, () => File.GetLastWriteTimeUtc(path));

    /// <inheritdoc/>
    public void SyncDirectory(string directory)
    {
        using var handle = LibC.Open(directory, LibC.OpenReadOnly | LibC.OpenDirectory | LibC.OpenCloseOnExec, 0);
        var errno = Marshal.GetLastPInvokeError();
        if (handle.IsInvalid)
            throw new StorageFailedException("open", directory, errno);
        if (LibC.Sync(handle) != 0)
            throw new StorageFailedException("fsync", directory, Marshal.GetLastPInvokeError());
    }

    /// <summary>Opened by libc: FileStream takes a lock of its own, whatever FileShare says.</summary>
    public IDisposable Lock(string path)
    {
        var handle = LibC.Open(
            path, LibC.OpenReadWrite | LibC.OpenCreate | LibC.OpenCloseOnExec, (int)Private);
        var errno = Marshal.GetLastPInvokeError();
        if (handle.IsInvalid)
            throw new StorageFailedException("open", path, errno);
        if (LibC.Lock(handle, LibC.LockExclusive | LibC.LockNonBlocking) == 0)
            return new HeldLock(handle);
        errno = Marshal.GetLastPInvokeError();
        handle.Dispose();
        throw errno == LibC.WouldBlock
            ? new StorageRefusedException($"{Path.GetDirectoryName(path)} is in use by another process: stop it first")
            : new StorageFailedException("lock", path, errno);
    }

    private static FileStream OpenStream(string path, FileMode mode) => Guard("open", path, () => new FileStream(
        path,
        new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = mode == FileMode.Open ? null : Private,
        }));

    private static void Guard(string operation, string path, Action action) => Guard(operation, path, () =>
    {
        action();
        return true;
    });

    private static T Guard<T>(string operation, string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageFailedException(operation, path, e.HResult is > 0 and <= MaxErrno ? e.HResult : 0, e);
        }
    }
}
