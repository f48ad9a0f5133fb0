using System.CommandLine;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`backup inspect`: what a backup says of itself; nothing secret is needed.</summary>
internal static class BackupInspect
{
    internal static Command Build()
    {
        var file = BackupParts.File();
        var format = VerbParts.Format();
        var command = new Command("inspect", "Display what a backup says of itself") { file, format };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var answer = await BackupParts.CheckAsync(
                ctl, parsed.GetRequiredValue(file), new CheckBackupOptions { HeaderOnly = true }, ct)
                .ConfigureAwait(false);
            if (parsed.GetValue(format) is { Length: > 0 } template)
            {
                Documents.Print(ctl, [Json(answer)], template);
            }
            else
            {
                Print(ctl.Out, answer);
            }

            return ExitCode.Done;
        });
    }

    private static void Print(TextWriter output, CheckBackupResponse answer)
    {
        var header = answer.Header;
        output.WriteLine($"ClusterID: {header.ClusterId}");
        output.WriteLine($"Epoch: {header.Epoch}");
        output.WriteLine($"Taken: {BackupParts.Time(header.TakenAtNs)}{(header.Stale ? " (stale)" : "")}");
        output.WriteLine($"By: node {header.NodeId}, version {header.ProductVersion}");
        output.WriteLine($"Log: index {header.LogIndex}, term {header.LogTerm}");
        output.WriteLine($"State Hash: {BackupParts.Hash(header.StateHash)}");
        output.WriteLine($"Nodes: {header.Counts.Nodes} ({header.Counts.Managers} managers)");
        output.WriteLine($"Services: {header.Counts.Services}");
        output.WriteLine($"Tasks: {header.Counts.Tasks}");
        output.WriteLine($"Autolock: {(header.AutoLock ? "true" : "false")}");
        output.WriteLine($"Encryption: {BackupParts.Encryption(header)}");
        output.WriteLine($"Format: file {answer.Format}, state {header.StateFormat}");
    }

    private static JsonObject Json(CheckBackupResponse answer)
    {
        var header = answer.Header;
        return new JsonObject
        {
            ["ClusterID"] = header.ClusterId,
            ["Epoch"] = header.Epoch,
            ["TakenAt"] = BackupParts.Time(header.TakenAtNs),
            ["Stale"] = header.Stale,
            ["NodeID"] = header.NodeId,
            ["ProductVersion"] = header.ProductVersion,
            ["LogIndex"] = header.LogIndex,
            ["LogTerm"] = header.LogTerm,
            ["StateHash"] = BackupParts.Hash(header.StateHash),
            ["Nodes"] = header.Counts.Nodes,
            ["Managers"] = header.Counts.Managers,
            ["Services"] = header.Counts.Services,
            ["Tasks"] = header.Counts.Tasks,
            ["Autolock"] = header.AutoLock,
            ["Observing"] = header.Observe,
            ["Encryption"] = BackupParts.Encryption(header),
            ["FileFormat"] = answer.Format,
            ["StateFormat"] = header.StateFormat,
        };
    }
}
