using System.Formats.Tar;
using System.IO.Pipelines;
using Swarm.Ctl.Cli;
using Swarm.Model;

namespace Swarm.Ctl.Verbs;

/// <summary>
/// Unpacks an archive of a task on this host. The task may be hostile: names stay below the target, no link is followed
/// on the way, what is there is replaced and never written through, and devices are not made.
/// </summary>
internal sealed class LocalUnpacker
{
    private const UnixFileMode SetIdBits = UnixFileMode.SetUser | UnixFileMode.SetGroup;
    private const UnixFileMode FirstMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode FirstDirectoryMode = FirstMode | UnixFileMode.UserExecute;
    private readonly string _top;
    private readonly string _target;
    private readonly bool _keepOwner;
    private readonly List<(string Path, UnixFileMode Mode, DateTimeOffset At)> _directories = [];
    private ulong _leftOut;

    /// <param name="top">The first name of all entries.</param>
    /// <param name="target">What that name becomes here.</param>
    /// <param name="keepOwner">Owners and setuid bits as in the task.</param>
    internal LocalUnpacker(string top, string target, bool keepOwner) =>
        (_top, _target, _keepOwner) = (top, Path.GetFullPath(target), keepOwner);

    internal static async Task<Copied> RunAsync(
        TaskFiles files, string path, string target, CopyForm form, CancellationToken ct)
    {
        var top = path.Split('/', StringSplitOptions.RemoveEmptyEntries) is [.., var last] && last != ".." ? last : ".";
        var pipe = new Pipe();
        var reading = FillAsync(files, path, form.Follow, pipe.Writer, ct);
        try
        {
            var leftOut = await new LocalUnpacker(top, target, form.KeepOwner)
                .UnpackAsync(pipe.Reader.AsStream(leaveOpen: true), ct).ConfigureAwait(false);
            await DrainAsync(pipe.Reader, ct).ConfigureAwait(false);
            var copied = await reading.ConfigureAwait(false);
            return copied with { LeftOut = copied.LeftOut + leftOut };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new CtlException(ExitCode.Refused, $"{target} cannot be written: {e.Message}");
        }
        finally
        {
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The number of what was left out.</summary>
    internal async Task<ulong> UnpackAsync(Stream archive, CancellationToken ct)
    {
        await using var tar = new TarReader(archive, leaveOpen: true);
        while (await tar.GetNextEntryAsync(copyData: false, ct).ConfigureAwait(false) is { } entry)
        {
            if (!await WriteAsync(entry, PathOf(entry.Name), ct).ConfigureAwait(false))
            {
                _leftOut++;
            }
        }

        // The deepest first; writing into a directory changes its time.
        foreach (var (path, mode, at) in Enumerable.Reverse(_directories))
        {
            File.SetUnixFileMode(path, mode);
            Directory.SetLastWriteTimeUtc(path, at.UtcDateTime);
        }

        return _leftOut;
    }

    private static async Task<Copied> FillAsync(
        TaskFiles files, string path, bool follow, PipeWriter pipe, CancellationToken ct)
    {
        try
        {
            var copied = await files.ReadAsync(path, follow, pipe.AsStream(leaveOpen: true), ct).ConfigureAwait(false);
            await pipe.CompleteAsync().ConfigureAwait(false);
            return copied;
        }
        catch (Exception e)
        {
            await pipe.CompleteAsync(e).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What follows the archive's end.</summary>
    private static async Task DrainAsync(PipeReader pipe, CancellationToken ct)
    {
        for (var isOver = false; !isOver;)
        {
            var rest = await pipe.ReadAsync(ct).ConfigureAwait(false);
            isOver = rest.IsCompleted;
            pipe.AdvanceTo(rest.Buffer.End);
        }
    }

    private string PathOf(string name)
    {
        var names = name.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (name.StartsWith('/') || names.Length == 0 || names[0] != _top || names.Contains("..")
            || names.Skip(1).Contains(".") || name.Contains('\0'))
        {
            throw new InvalidDataException($"the archive has the name '{Printable.Line(name)}', which is refused");
        }

        return names.Length == 1 ? _target : Path.Combine([_target, .. names.Skip(1)]);
    }

    private async Task<bool> WriteAsync(TarEntry entry, string path, CancellationToken ct)
    {
        CheckParents(path);
        switch (entry.EntryType)
        {
            case TarEntryType.Directory:
                MakeDirectory(entry, path);
                return true;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile:
                await MakeFileAsync(entry, path, ct).ConfigureAwait(false);
                return true;
            case TarEntryType.SymbolicLink:
                Clear(path);
                File.CreateSymbolicLink(path, entry.LinkName);
                Own(entry, path);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Everything between the target and the name is a directory, not a link that the archive made.</summary>
    private void CheckParents(string path)
    {
        for (var parent = Path.GetDirectoryName(path)!; parent.Length >= _target.Length; )
        {
            if (LocalFile.KindOf(parent) != LocalKind.Directory && parent != _target)
            {
                throw new InvalidDataException($"{Printable.Line(parent)} is not a directory");
            }

            parent = Path.GetDirectoryName(parent)!;
        }
    }

    private void MakeDirectory(TarEntry entry, string path)
    {
        // The target itself may be a link to a directory: the user named it.
        var kind = LocalFile.KindOf(path);
        if (kind == LocalKind.Directory || (path == _target && Directory.Exists(path)))
        {
            return;
        }

        if (kind is not null)
        {
            throw new InvalidDataException($"cannot overwrite {Printable.Line(path)} with a directory");
        }

        Directory.CreateDirectory(path, FirstDirectoryMode);
        Own(entry, path);
        _directories.Add((path, Mode(entry), entry.ModificationTime));
    }

    private async Task MakeFileAsync(TarEntry entry, string path, CancellationToken ct)
    {
        Clear(path);
        await using (var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = FirstMode,
        }))
        {
            if (entry.DataStream is { } data)
            {
                await data.CopyToAsync(file, ct).ConfigureAwait(false);
            }

            Own(entry, path);
            File.SetUnixFileMode(file.SafeFileHandle, Mode(entry));
        }

        File.SetLastWriteTimeUtc(path, entry.ModificationTime.UtcDateTime);
    }

    private static void Clear(string path)
    {
        switch (LocalFile.KindOf(path))
        {
            case null:
                break;
            case LocalKind.Directory:
                throw new InvalidDataException($"cannot overwrite directory {Printable.Line(path)} with a file");
            default:
                File.Delete(path);
                break;
        }
    }

    private void Own(TarEntry entry, string path)
    {
        if (_keepOwner)
        {
            LocalFile.ChangeOwner(path, entry.Uid, entry.Gid);
        }
    }

    /// <summary>What belonged to somebody must not run as the user because it is the user's now.</summary>
    private UnixFileMode Mode(TarEntry entry) => _keepOwner ? entry.Mode : entry.Mode & ~SetIdBits;
}
