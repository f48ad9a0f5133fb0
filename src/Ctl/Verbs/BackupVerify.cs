using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`backup verify`: reads all of it, decodes the state, compares its hash.</summary>
internal static class BackupVerify
{
    internal static Command Build()
    {
        var file = BackupParts.File();
        var secret = BackupParts.SecretToOpen();
        var command = new Command("verify", "Read a whole backup and check every part of it") { file, secret };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var path = parsed.GetRequiredValue(file);
            var answer = await BackupParts.CheckAsync(
                ctl, path, new CheckBackupOptions { Secret = BackupParts.ReadSecret(parsed.GetValue(secret)) }, ct)
                .ConfigureAwait(false);
            ctl.Out.WriteLine(
                $"{path} is whole: {answer.FileBytes} bytes, swarm {answer.Header.ClusterId} at log index "
                + $"{answer.Header.LogIndex}, state hash {BackupParts.Hash(answer.Header.StateHash)}");
            return ExitCode.Done;
        });
    }
}
