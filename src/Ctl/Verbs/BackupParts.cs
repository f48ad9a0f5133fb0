using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>What the verbs of `backup` share.</summary>
internal static class BackupParts
{
    private const int PieceBytes = 64 << 10;
    private const int MaxSecretChars = 4096;

    internal static Argument<string> File() => new("FILE") { Description = "The backup" };

    internal static Option<string?> Secret(string what) => new("--passphrase-file")
    {
        Description = what, HelpName = "file",
    };

    internal static Option<string?> SecretToOpen() => Secret(
        "File with the passphrase of the backup, or with the unlock key that the swarm had then");

    /// <summary>The first line of a file; empty when none is named.</summary>
    internal static string ReadSecret(string? path)
    {
        if (path is null)
        {
            return "";
        }

        try
        {
            using var reader = new StreamReader(path);
            var line = reader.ReadLine() ?? "";
            return line.Length is > 0 and <= MaxSecretChars
                ? line
                : throw new UsageException($"--passphrase-file {path}: its first line has to be the passphrase");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--passphrase-file {path}: {e.Message}");
        }
    }

    /// <summary>The bytes of a file in pieces.</summary>
    /// <exception cref="CtlException">It cannot be read.</exception>
    internal static async IAsyncEnumerable<ByteString> PiecesAsync(
        string path, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var file = Open(path);
        var buffer = new byte[PieceBytes];
        while (true)
        {
            int count;
            try
            {
                count = await file.ReadAsync(buffer, ct).ConfigureAwait(false);
            }
            catch (IOException e)
            {
                throw new CtlException(ExitCode.Refused, $"{path} cannot be read: {e.Message}");
            }

            if (count == 0)
            {
                yield break;
            }

            yield return ByteString.CopyFrom(buffer, 0, count);
        }
    }

    internal static async Task<CheckBackupResponse> CheckAsync(
        Cli.Ctl ctl, string path, CheckBackupOptions options, CancellationToken ct)
    {
        async IAsyncEnumerable<CheckBackupRequest> Messages([EnumeratorCancellation] CancellationToken end = default)
        {
            yield return new CheckBackupRequest { Options = options };
            await foreach (var piece in PiecesAsync(path, end).ConfigureAwait(false))
            {
                yield return new CheckBackupRequest { Data = piece };
            }
        }

        return await ctl.UploadAsync<CheckBackupRequest, CheckBackupResponse>("CheckBackup", Messages(ct), ct)
            .ConfigureAwait(false);
    }

    internal static string Hash(ByteString hash) => Convert.ToHexStringLower(hash.Span);

    internal static string Time(long ns) => DateTimeOffset.UnixEpoch.AddTicks(ns / 100)
        .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    internal static string Encryption(BackupHeader header) => header.Encryption?.Secret switch
    {
        BackupEncryption.Types.Secret.Passphrase => "passphrase",
        BackupEncryption.Types.Secret.UnlockKey => "unlock key",
        _ => "none",
    };

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CtlException(ExitCode.NotFound, $"{path}: there is no such file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CtlException(ExitCode.Refused, $"{path} cannot be read: {e.Message}");
        }
    }
}
