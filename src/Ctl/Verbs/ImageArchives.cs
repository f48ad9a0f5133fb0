using System.Runtime.CompilerServices;
using Google.Protobuf;
using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Verbs;

/// <summary>Archives of images that are read and written: files, or standard input and output.</summary>
internal static class ImageArchives
{
    internal const string Standard = "-";
    private const int PieceBytes = 64 << 10;

    /// <summary>The bytes of a file, or with "-" of standard input, in pieces.</summary>
    /// <exception cref="CtlException">It cannot be read.</exception>
    /// <exception cref="UsageException">Standard input is a terminal.</exception>
    internal static IAsyncEnumerable<ByteString> PiecesAsync(string path, CancellationToken ct)
    {
        if (path != Standard)
        {
            return BackupParts.PiecesAsync(path, ct);
        }

        return Console.IsInputRedirected
            ? InputAsync(ct)
            : throw new UsageException("standard input is a terminal: name a file, or use a pipe");
    }

    /// <summary>Where an archive goes: a file that is there as a whole or not at all, or standard output.</summary>
    internal static async Task WriteAsync(string? path, Func<Action<ReadOnlyMemory<byte>>, Task> write)
    {
        if (path is null or Standard)
        {
            if (!Console.IsOutputRedirected)
            {
                throw new UsageException("cowardly refusing to save to a terminal. Use the -o flag or redirect");
            }

            await using var output = Console.OpenStandardOutput();
            await write(piece => output.Write(piece.Span)).ConfigureAwait(false);
            return;
        }

        await using var target = new NewFile(path, overwrite: true);
        await write(piece => target.Write(piece.Span)).ConfigureAwait(false);
        target.Commit();
    }

    private static async IAsyncEnumerable<ByteString> InputAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[PieceBytes];
        for (int count; (count = await input.ReadAsync(buffer, ct).ConfigureAwait(false)) > 0;)
        {
            yield return ByteString.CopyFrom(buffer, 0, count);
        }
    }
}
