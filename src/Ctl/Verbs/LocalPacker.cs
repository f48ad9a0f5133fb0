using System.Formats.Tar;
using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Verbs;

/// <summary>What is to be copied from this host.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="IsDirectory">A directory, not a link to one.</param>
internal readonly record struct LocalSource(string Path, bool IsDirectory);

/// <summary>Packs files of this host into an archive.</summary>
internal static class LocalPacker
{
    /// <exception cref="CtlException">There is nothing.</exception>
    internal static LocalSource Resolve(string path, bool follow)
    {
        try
        {
            // "link/" means where the link leads, as everywhere.
            var whole = follow || path.EndsWith('/')
                ? File.ResolveLinkTarget(path.TrimEnd('/') is { Length: > 0 } bare ? bare : "/", true)?.FullName ?? path
                : path;
            var kind = LocalFile.KindOf(whole)
                ?? throw new CtlException(ExitCode.NotFound, $"{path}: no such file or directory");
            return new LocalSource(whole, kind == LocalKind.Directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CtlException(ExitCode.NotFound, $"{path}: {e.Message}");
        }
    }

    /// <summary>The archive's names begin with <paramref name="name"/>; gives how much was left out.</summary>
    internal static async Task<ulong> WriteAsync(
        LocalSource source, string name, Stream output, CancellationToken ct)
    {
        try
        {
            await using var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);
            return await AddAsync(tar, source.Path, name, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CtlException(ExitCode.Refused, $"{source.Path} cannot be copied: {e.Message}");
        }
    }

    internal static async Task<ulong> StandardInputAsync(Stream output, CancellationToken ct)
    {
        await foreach (var piece in StandardInput.ReadAsync(ct).ConfigureAwait(false))
        {
            await output.WriteAsync(piece, ct).ConfigureAwait(false);
        }

        return 0;
    }

    private static async Task<ulong> AddAsync(TarWriter tar, string path, string name, CancellationToken ct)
    {
        switch (LocalFile.KindOf(path))
        {
            case null:
                // Gone meanwhile.
                return 0;
            case LocalKind.Other:
                return 1;
            case LocalKind.Directory:
                await tar.WriteEntryAsync(path, name, ct).ConfigureAwait(false);
                var leftOut = 0UL;
                foreach (var child in Directory.EnumerateFileSystemEntries(path))
                {
                    leftOut += await AddAsync(tar, child, $"{name}/{Path.GetFileName(child)}", ct)
                        .ConfigureAwait(false);
                }

                return leftOut;
            default:
                await tar.WriteEntryAsync(path, name, ct).ConfigureAwait(false);
                return 0;
        }
    }
}
