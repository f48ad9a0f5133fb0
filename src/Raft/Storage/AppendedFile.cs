using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Raft.Storage;

/// <summary>
/// A file that is written past the page cache: a sync of a record and its copy hands two writes to the disk at once
/// and then makes it flush. That takes less time and a quarter less of the processor than pages that the kernel has to
/// find, mark and write back first (docs/design/raft-storage.md). What was written is kept until <see cref="Sync"/>.
/// </summary>
internal sealed class AppendedFile : IDiskFile
{
    private const int RecordsBytes = 256 << 10;
    private const int AsideBytes = 64 << 10;
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly KernelQueue _queue;
    private readonly Action<KernelQueue> _return;
    private readonly PageRun _records = new(RecordsBytes);
    private readonly PageRun _aside = new(AsideBytes);
    private bool _failed;

    private AppendedFile(string path, SafeFileHandle file, KernelQueue queue, Action<KernelQueue> giveBack) =>
        (_path, _file, _queue, _return) = (path, file, queue, giveBack);

    public long LengthBytes => RandomAccess.GetLength(_file);

    /// <summary>Null when the file system or the kernel cannot do it, or not with pages of this length.</summary>
    /// <param name="path">An existing file.</param>
    /// <param name="end">Where the next byte goes.</param>
    /// <param name="queue">Of nobody else; it goes back through <paramref name="giveBack"/>.</param>
    /// <param name="giveBack">Takes the queue when the file is closed.</param>
    public static AppendedFile? TryOpen(string path, long end, KernelQueue queue, Action<KernelQueue> giveBack)
    {
        var file = LibC.Open(path, LibC.OpenReadWrite | LibC.OpenDirect | LibC.OpenCloseOnExec, 0);
        var appended = new AppendedFile(path, file, queue, giveBack);
        if (!file.IsInvalid && appended.TryBegin(end))
            return appended;
        appended.Dispose();
        return null;
    }

    public void Read(long offset, Span<byte> buffer) =>
        throw new NotSupportedException($"{_path} is open to be appended to");

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        var run = offset == _records.End ? _records : _aside;
        if (run == _aside)
        {
            if (offset % IDisk.PageBytes != 0)
                throw new ArgumentOutOfRangeException(
                    nameof(offset), offset, "neither where the write before ended nor where a page begins");
            if (_aside.IsDirty)
                WriteOut(_aside);
            _aside.Begin(offset);
        }
        while (true)
        {
            bytes = bytes[run.Add(bytes)..];
            if (bytes.IsEmpty)
                return;
            WriteOut(run);
        }
    }

    public void Sync()
    {
        if (_records.IsDirty && _aside.IsDirty)
            WriteBoth();
        else if (_records.IsDirty)
            WriteOut(_records);
        else if (_aside.IsDirty)
            WriteOut(_aside);
        LinuxFile.Sync(_file, _path);
    }

    /// <summary>After a failure the kernel may still read what was to be written: that memory stays.</summary>
    public void Dispose()
    {
        _file.Dispose();
        if (_failed)
            return;
        _records.Dispose();
        _aside.Dispose();
        _return(_queue);
    }

    /// <summary>Reads the page with the end, which shows as well whether such pages can be read and written.</summary>
    private bool TryBegin(long end)
    {
        var start = end & -IDisk.PageBytes;
        _aside.Begin(start);
        _aside.Add(new byte[IDisk.PageBytes]);
        nint count;
        do
            count = LibC.Read(_file, _aside.Pages, IDisk.PageBytes, start);
        while (count < 0 && Marshal.GetLastPInvokeError() == LibC.Interrupted);
        if (count < end - start)
            return false;
        _records.Begin(start);
        _records.Add(_aside.Pages[..(int)(end - start)]);
        _records.Written();
        _aside.Written();
        return true;
    }

    private void WriteBoth()
    {
        _failed = true;
        if (!_queue.TryWrite(_file, _path, _records, _aside))
        {
            WritePages(_records);
            WritePages(_aside);
        }
        _records.Written();
        _aside.Written();
        _failed = false;
    }

    private void WriteOut(PageRun run)
    {
        WritePages(run);
        run.Written();
    }

    private void WritePages(PageRun run) => LinuxFile.Write(_file, _path, run.Start, run.Pages);
}
