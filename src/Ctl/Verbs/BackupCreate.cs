using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`backup create`</summary>
internal static class BackupCreate
{
    internal static Command Build()
    {
        var file = new Argument<string>("FILE") { Description = "Where to write the backup" };
        var passphrase = BackupParts.Secret("Encrypt with the passphrase in the first line of this file");
        var force = new Option<bool>("--force", "-f") { Description = "Replace FILE if it exists" };
        var command = new Command("create", "Save the state of the swarm, while it runs") { file, passphrase, force };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var path = parsed.GetRequiredValue(file);
            var request = new CreateBackupRequest
            {
                Passphrase = BackupParts.ReadSecret(parsed.GetValue(passphrase)), Stale = ctl.Stale,
            };
            var header = await WriteAsync(ctl, request, path, parsed.GetValue(force), ct).ConfigureAwait(false);
            Say(ctl, path, header);
            return ExitCode.Done;
        });
    }

    private static async Task<BackupHeader> WriteAsync(
        Cli.Ctl ctl, CreateBackupRequest request, string path, bool force, CancellationToken ct)
    {
        await using var target = new NewFile(path, force);
        await using var call = ctl.LocalStream<CreateBackupRequest, CreateBackupResponse>("CreateBackup", request, ct);
        BackupHeader? header = null;
        await foreach (var message in call.ReadAllAsync(ct).ConfigureAwait(false))
        {
            if (message.KindCase == CreateBackupResponse.KindOneofCase.Done)
            {
                header = message.Done;
            }
            else
            {
                target.Write(message.Data.Span);
            }
        }

        if (header is null)
        {
            throw new CtlException(ExitCode.Unavailable, "the manager ended the backup before its end; try again");
        }

        target.Commit();
        return header;
    }

    private static void Say(Cli.Ctl ctl, string path, BackupHeader header)
    {
        ctl.Out.WriteLine($"Backup of swarm {header.ClusterId} written to {path}");
        ctl.Out.WriteLine(
            $"Log index {header.LogIndex}, {header.Counts.Services} services, {header.Counts.Tasks} tasks, "
            + $"{header.Counts.Nodes} nodes; state hash {BackupParts.Hash(header.StateHash)}");
        if (header.Stale)
        {
            ctl.Error.WriteLine("WARNING: --stale: what the swarm acknowledged last may be missing in this backup");
        }

        if (BackupParts.Encryption(header) == "none")
        {
            ctl.Error.WriteLine(
                "WARNING: the backup is not encrypted and holds the key of the certificate authority: keep it as you "
                + "keep keys, or use --passphrase-file");
        }
    }
}
