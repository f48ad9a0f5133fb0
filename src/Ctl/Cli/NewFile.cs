using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Ctl.Cli;

/// <summary>
/// A file that appears as a whole or not at all: written aside with mode 0600, forced to the disk, then given its name.
/// libc's own fsync: .NET's reports failures as success.
/// </summary>
internal sealed partial class NewFile : IAsyncDisposable
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int ReadOnlyDirectory = 0x10000;

    private readonly string _path;
    private readonly string _temporary;
    private readonly bool _overwrite;
    private FileStream? _stream;

    /// <exception cref="CtlException">The name is taken and may not be, or the directory cannot be written.</exception>
    internal NewFile(string path, bool overwrite)
    {
        (_path, _overwrite) = (Path.GetFullPath(path), overwrite);
        RefuseTaken();
        _temporary = $"{_path}.{Environment.ProcessId}.part";
        _stream = Guarded(() => new FileStream(_temporary, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Mode,
        }));
    }

    internal void Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _stream!.Write(bytes);
        }
        catch (IOException e)
        {
            throw Failed(e);
        }
    }

    /// <summary>The file is there, and on the disk.</summary>
    /// <exception cref="CtlException">It is not.</exception>
    internal void Commit()
    {
        var stream = _stream!;
        Guarded(() =>
        {
            stream.Flush();
            Check(fsync(stream.SafeFileHandle));
            stream.Dispose();
            RefuseTaken();
            // Without overwriting the kernel itself refuses a name that was taken meanwhile.
            File.Move(_temporary, _path, _overwrite);
            using var directory = open(Path.GetDirectoryName(_path)!, ReadOnlyDirectory);
            Check(directory.IsInvalid ? -1 : fsync(directory));
            return true;
        });
        _stream = null;
    }

    /// <summary>Without a commit nothing is left.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stream is { } stream)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            File.Delete(_temporary);
        }
    }

    private void RefuseTaken()
    {
        if (!_overwrite && Path.Exists(_path))
        {
            throw new CtlException(ExitCode.Conflict, $"{_path} exists already; --force replaces it");
        }
    }

    private T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }
    }

    private CtlException Failed(Exception e) =>
        new(ExitCode.Refused, $"{_path} could not be written: {e.Message}; nothing was left there");

    private static void Check(int result)
    {
        var errno = Marshal.GetLastPInvokeError();
        if (result != 0)
        {
            throw new IOException(new Win32Exception(errno).Message);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);
}
