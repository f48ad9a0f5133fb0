using System.CommandLine;
using System.Runtime.CompilerServices;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`backup restore`</summary>
internal static class BackupRestore
{
    internal static Command Build()
    {
        var file = BackupParts.File();
        var secret = BackupParts.SecretToOpen();
        var force = new Option<bool>("--force")
        {
            Description = "Also when managers of that swarm still run: they take part no more",
        };
        var command = new Command("restore", "Begin the swarm anew from a backup, with this node as its only manager")
        {
            file, secret, SwarmInit.Advertise, SwarmInit.Listen, SwarmInit.Availability, force,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var options = new RestoreBackupOptions
            {
                Secret = BackupParts.ReadSecret(parsed.GetValue(secret)),
                AdvertiseAddress = parsed.GetValue(SwarmInit.Advertise) ?? "",
                ListenAddress = parsed.GetValue(SwarmInit.Listen) ?? "",
                Force = parsed.GetValue(force),
                Availability = SwarmInit.ParseAvailability(parsed.GetValue(SwarmInit.Availability)),
            };
            var answer = await ctl.UploadAsync<RestoreBackupRequest, RestoreBackupResponse>(
                "RestoreBackup", Messages(parsed.GetRequiredValue(file), options, ct), ct).ConfigureAwait(false);
            Say(ctl, answer);
            return ExitCode.Done;
        });
    }

    private static async IAsyncEnumerable<RestoreBackupRequest> Messages(
        string path, RestoreBackupOptions options, [EnumeratorCancellation] CancellationToken ct)
    {
        yield return new RestoreBackupRequest { Options = options };
        await foreach (var piece in BackupParts.PiecesAsync(path, ct).ConfigureAwait(false))
        {
            yield return new RestoreBackupRequest { Data = piece };
        }
    }

    private static void Say(Cli.Ctl ctl, RestoreBackupResponse answer)
    {
        var equal = answer.StateHash.Equals(answer.Header.StateHash);
        ctl.Out.WriteLine(
            $"Swarm {answer.Header.ClusterId} restored from the backup of {BackupParts.Time(answer.Header.TakenAtNs)}: "
            + $"this node ({answer.NodeId}) is its only manager, epoch {answer.Epoch}.");
        ctl.Out.WriteLine(
            $"State hash {BackupParts.Hash(answer.StateHash)}, "
            + $"{(equal ? "equal to" : "DIFFERENT from")} the backup's.");
        ForceNewCluster.SayRemoved(ctl, answer.RemovedManagers);
        ctl.Out.WriteLine();
        ctl.Out.WriteLine(
            "Workers come by themselves if a manager had this address before. On each of the others run:");
        ctl.Out.WriteLine();
        ctl.Out.WriteLine($"    swarmctl swarm rejoin {answer.ManagerAddress}");
        ctl.Out.WriteLine();
        ctl.Out.WriteLine(
            "The swarm observes: what runs is learnt, nothing is started or stopped. 'swarmctl swarm observe' shows "
            + "it, 'swarmctl swarm resume' ends it.");
    }
}
