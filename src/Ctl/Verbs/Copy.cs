using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`cp`: where what goes. The rules are docker's.</summary>
internal static class Copy
{
    private const string Standard = "-";

    /// <param name="here">Of `container`: only what this node runs is meant.</param>
    internal static Command Build(bool here = false)
    {
        var source = new Argument<string>("TASK:SRC_PATH|SRC_PATH|-");
        var target = new Argument<string>("DEST_PATH|-|TASK:DEST_PATH");
        var archive = new Option<bool>("--archive", "-a") { Description = "Keep owners (uid and gid)" };
        var follow = new Option<bool>("--follow-link", "-L") { Description = "Follow a link as SRC_PATH" };
        var quiet = VerbParts.Quiet("Do not say how much was copied");
        var command = new Command("cp", here
            ? "Copy files between a running container and this host"
            : "Copy files between a running task, on any node, and this host")
        {
            source, target, archive, follow, quiet,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var (from, to) = (Place.Parse(parsed.GetRequiredValue(source)),
                Place.Parse(parsed.GetRequiredValue(target)));
            var form = new CopyForm(parsed.GetValue(archive), parsed.GetValue(follow));
            var said = (from.Task, to.Task) switch
            {
                (not null, not null) => throw new UsageException("copying between containers is not supported"),
                (null, null) => throw new UsageException("one of the two must be in a task: TASK:PATH"),
                (not null, _) => await OutAsync(new TaskFiles(ctl, from.Task, here), from.Path, to.Path, form, ct)
                    .ConfigureAwait(false),
                _ => await IntoAsync(new TaskFiles(ctl, to.Task!, here), from.Path, to.Path, form, ct)
                    .ConfigureAwait(false),
            };
            if (said.LeftOut > 0)
            {
                ctl.Error.WriteLine($"WARNING: {said.LeftOut} devices, sockets or pipes were left out");
            }

            if (!parsed.GetValue(quiet) && to.Path != Standard)
            {
                ctl.Error.WriteLine($"Successfully copied {ImageParts.Size((ulong)said.Bytes)} to {to}");
            }

            return ExitCode.Done;
        });
    }

    private static async Task<Copied> OutAsync(
        TaskFiles files, string path, string target, CopyForm form, CancellationToken ct)
    {
        if (target == Standard)
        {
            if (Terminal.IsOutput)
            {
                throw new UsageException("cowardly refusing to write an archive to a terminal: use a pipe");
            }

            try
            {
                return await files.ReadAsync(path, form.Follow, StandardStream.Output, ct).ConfigureAwait(false);
            }
            catch (IOException e)
            {
                throw new CtlException(ExitCode.Refused, $"the archive cannot be written: {e.Message}");
            }
        }

        var found = await files.StatAsync(path, form.Follow, ct).ConfigureAwait(false);
        if (!found.Exists)
        {
            throw new CtlException(ExitCode.NotFound, $"{Printable.Line(path)}: no such file or directory in the task");
        }

        return await LocalUnpacker.RunAsync(
            files, path, LocalTarget(path, found.Directory, target), form, ct).ConfigureAwait(false);
    }

    /// <summary>The whole path that the copy gets here.</summary>
    private static string LocalTarget(string path, bool isDirectory, string target)
    {
        var name = Place.LastName(path);
        if (Directory.Exists(target))
        {
            return isDirectory && name == "." ? target : Path.Combine(target, name);
        }

        if (isDirectory && File.Exists(target))
        {
            throw new CtlException(ExitCode.Refused, $"cannot copy a directory to the file {target}");
        }

        var parent = Path.GetDirectoryName(Path.GetFullPath(target).TrimEnd('/'));
        return (!isDirectory && target.EndsWith('/')) || !Directory.Exists(parent)
            ? throw new CtlException(ExitCode.NotFound, $"{target}: no such directory")
            : target.TrimEnd('/');
    }

    private static async Task<Copied> IntoAsync(
        TaskFiles files, string source, string path, CopyForm form, CancellationToken ct)
    {
        var found = await files.StatAsync(path, follow: true, ct).ConfigureAwait(false);
        if (source == Standard)
        {
            if (Terminal.IsInput)
            {
                throw new UsageException("standard input is a terminal: give an archive through a pipe");
            }

            return found is { Exists: true, Directory: true }
                ? await files.WriteAsync(path, form.KeepOwner, LocalPacker.StandardInputAsync, ct).ConfigureAwait(false)
                : throw new CtlException(ExitCode.Refused, $"{Printable.Line(path)} is not a directory in the task");
        }

        var from = LocalPacker.Resolve(source, form.Follow);
        var isDirectory = from.IsDirectory;
        var (directory, name) = (found, isDirectory) switch
        {
            ({ Exists: true, Directory: true }, _) => (path, Place.LastName(source)),
            ({ Exists: true }, true) => throw new CtlException(
                ExitCode.Refused, $"cannot copy a directory to the file {Printable.Line(path)}"),
            ({ Exists: false }, false) when path.EndsWith('/') => throw new CtlException(
                ExitCode.NotFound, $"{Printable.Line(path)}: no such directory in the task"),
            _ => (Place.Parent(path), Place.LastName(path.TrimEnd('/'))),
        };
        return await files.WriteAsync(
            directory, form.KeepOwner, (output, stop) => LocalPacker.WriteAsync(from, name, output, stop), ct)
            .ConfigureAwait(false);
    }

    /// <summary>One side of a copy; without a task it is of this host.</summary>
    private sealed record Place(string? Task, string Path)
    {
        /// <summary>As docker: what begins with a slash or a dot is never a task.</summary>
        internal static Place Parse(string text)
        {
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            return text.StartsWith('/') || text.StartsWith('.') || colon <= 0 ? new Place(null, text)
                : colon == text.Length - 1 ? throw new UsageException($"'{text}': a path follows the colon")
                : new Place(text[..colon], text[(colon + 1)..]);
        }

        /// <summary>"." for what means the content of a directory.</summary>
        internal static string LastName(string path) =>
            path.Split('/', StringSplitOptions.RemoveEmptyEntries) is [.., var last] && last != ".." ? last : ".";

        internal static string Parent(string path)
        {
            var slash = path.TrimEnd('/').LastIndexOf('/');
            return slash <= 0 ? "/" : path[..slash];
        }

        public override string ToString() => Task is null ? Path : $"{Task}:{Path}";
    }
}

/// <summary>How a copy is made.</summary>
internal readonly record struct CopyForm(bool KeepOwner, bool Follow);

/// <summary>What was copied.</summary>
internal readonly record struct Copied(long Bytes, ulong LeftOut);
