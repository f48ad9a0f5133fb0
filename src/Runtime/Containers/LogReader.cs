using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Containers;

/// <summary>Reads a container's log over its rotated files, and goes on with it while it grows.</summary>
internal static class LogReader
{
    internal const int BufferBytes = 64 * 1024;
    private const int MaxRecordBytes = 64 * 1024;
    private static readonly TimeSpan FollowPause = TimeSpan.FromMilliseconds(100);

    internal static async IAsyncEnumerable<LogLine> ReadAsync(
        string directory, LogQuery query, Task ended, [EnumeratorCancellation] CancellationToken ct)
    {
        var (after, since) = (query.After, query.After is null ? query.Since : null);
        var skip = query.Tail < 0 || after is not null
            ? 0
            : Math.Max(0, CountLines(directory, since) - query.Tail);
        var assembler = new LogAssembler();
        var ready = new Queue<LogLine>();
        var cursor = new LogCursor(directory);
        try
        {
            while (true)
            {
                ct.ThrowIfCancellationRequested();
                // Asked before reading: what was written until the end is read after it.
                var last = !query.Follow || ended.IsCompleted;
                var progressed = cursor.ReadSome(record => assembler.Add(record, ready.Enqueue));
                if (!progressed && last)
                    assembler.Flush(ready.Enqueue);
                while (ready.TryDequeue(out var line))
                {
                    if (after is { } place)
                        after = IsAt(line, place) ? null : place;
                    else if ((since is null || line.At >= since) && --skip < 0)
                        yield return line;
                }
                if (progressed)
                    continue;
                if (after is { } lost)
                {
                    // It was dropped meanwhile: from the beginning, and only what is younger.
                    (after, since) = (null, lost.At.AddTicks(1));
                    cursor.Dispose();
                    (cursor, assembler) = (new LogCursor(directory), new LogAssembler());
                    continue;
                }
                if (last)
                    yield break;
                await Task.WhenAny(ended, Task.Delay(FollowPause, ct)).ConfigureAwait(false);
            }
        }
        finally
        {
            cursor.Dispose();
        }
    }

    private static bool IsAt(LogLine line, LogPosition place) =>
        line.At == place.At && line.IsStandardError == place.IsStandardError && line.Nth == place.Nth;

    private static long CountLines(string directory, DateTimeOffset? since)
    {
        var count = 0L;
        var assembler = new LogAssembler();
        void Count(LogLine line) => count += since is null || line.At >= since ? 1 : 0;
        using var cursor = new LogCursor(directory);
        while (cursor.ReadSome(record => assembler.Add(record, Count)))
        {
        }
        assembler.Flush(Count);
        return count;
    }

    internal delegate void RecordHandler(LogRecord record);

    /// <summary>A position in the sequence of files; files are told apart by inode, names move on.</summary>
    private sealed class LogCursor(string directory) : IDisposable
    {
        private readonly byte[] _buffer = new byte[BufferBytes + MaxRecordBytes];
        private SafeFileHandle? _file;
        private ulong _inode;
        private long _offset;
        private int _held;
        private bool _finishing;

        /// <summary>False when there is nothing more at the moment.</summary>
        internal bool ReadSome(RecordHandler handle)
        {
            if (_file is null && (!OpenNext() || _file is null))
                return LogFiles.InOrder(directory).Count > 0;
            var count = RandomAccess.Read(_file, _buffer.AsSpan(_held), _offset);
            if (count > 0)
            {
                _offset += count;
                _held += count;
                Parse(handle);
                return true;
            }
            // The file may have grown between the read and the moment when it was replaced: read once more, then go on.
            if (!_finishing)
                return _finishing = TryNewer(out _);
            _finishing = false;
            _held = 0;
            return OpenNext();
        }

        public void Dispose() => _file?.Dispose();

        private void Parse(RecordHandler handle)
        {
            var rest = _buffer.AsSpan(0, _held);
            while (rest.IndexOf((byte)'\n') is var end and >= 0)
            {
                if (LogRecord.TryParse(rest[..end], out var record))
                    handle(record);
                rest = rest[(end + 1)..];
            }
            // A record that fills the buffer is not one the monitor writes: drop it up to its line feed.
            _held = rest.Length == _buffer.Length ? 0 : rest.Length;
            rest[.._held].CopyTo(_buffer);
        }

        private bool TryNewer(out (string Path, ulong Inode) newer)
        {
            var files = LogFiles.InOrder(directory);
            // A file that was dropped while it was read: the oldest one left is the next.
            var at = files.FindIndex(f => f.Inode == _inode) + 1;
            newer = at < files.Count ? files[at] : default;
            return at < files.Count;
        }

        private bool OpenNext()
        {
            if (!TryNewer(out var newer))
                return false;
            try
            {
                var next = File.OpenHandle(
                    newer.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                if (ContainerNative.InodeOf(next) != newer.Inode)
                {
                    // The names moved on since they were read: the file behind this one is another, and not the next.
                    next.Dispose();
                    return true;
                }
                _file?.Dispose();
                _file = next;
            }
            catch (FileNotFoundException)
            {
                return true;
            }
            _inode = newer.Inode;
            _offset = 0;
            _held = 0;
            return true;
        }
    }
}
