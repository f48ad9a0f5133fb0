using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`swarm update`</summary>
internal static class SwarmUpdate
{
    private static readonly (string Flag, string Why)[] Missing =
    [
        ("--external-ca", "this swarm's own authority issues all certificates"),
        ("--max-snapshots", "a manager keeps its newest snapshot; use 'swarmctl backup create' for older states"),
        ("--snapshot-interval", "a manager takes a snapshot every 10000 entries or 64 MiB of log"),
    ];

    private static readonly Option<bool?> AutoLock = new("--autolock")
    {
        Description = "Managers start locked and need the unlock key (true|false)", Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> History = new("--task-history-limit")
    {
        Description = "Ended tasks kept for each slot (default 5)", HelpName = "int",
    };

    private static readonly Option<string?> Heartbeat = new("--dispatcher-heartbeat")
    {
        Description = "Between two heartbeats of a node (default 1s)", HelpName = "duration",
    };

    private static readonly Option<string?> Expiry = new("--cert-expiry")
    {
        Description = "Life of node certificates issued from now on (default 2160h)", HelpName = "duration",
    };

    internal static Command Build()
    {
        var command = new Command("update", "Update the swarm") { AutoLock, Expiry, Heartbeat, History };
        foreach (var (flag, why) in Missing)
        {
            var refused = new Option<string[]>(flag) { Hidden = true, Arity = ArgumentArity.ZeroOrMore };
            refused.Validators.Add(r => r.AddError($"{flag} is not available in this version: {why}"));
            command.Add(refused);
        }

        return command.Does(async (ctl, parsed, ct) =>
        {
            if (!command.Options.Any(o => parsed.GetResult(o) is { Implicit: false }))
            {
                return await CtlProgram.Tree().Parse(["swarm", "update", "--help"]).InvokeAsync(null, ct)
                    .ConfigureAwait(false);
            }

            await UpdateAsync(ctl, parsed, ct).ConfigureAwait(false);
            return ExitCode.Done;
        });
    }

    private static async Task UpdateAsync(Cli.Ctl ctl, ParseResult parsed, CancellationToken ct)
    {
        // What is wrong with the flags is said before anybody is asked.
        var changed = Change(parsed, new ClusterSpec());
        var cluster = (await ctl.CallAsync<GetClusterRequest, GetClusterResponse>(
            "GetCluster", new GetClusterRequest(), ct).ConfigureAwait(false)).Cluster;
        var request = new UpdateClusterRequest
        {
            Version = cluster.Version, Spec = cluster.Spec?.Clone() ?? new ClusterSpec(),
        };
        request.Spec.MergeFrom(changed);
        if (parsed.GetResult(AutoLock) is { Implicit: false })
        {
            request.AutoLock = parsed.GetValue(AutoLock) ?? true;
        }

        var answer = await ctl.CallAsync<UpdateClusterRequest, UpdateClusterResponse>("UpdateCluster", request, ct)
            .ConfigureAwait(false);
        ctl.Out.WriteLine("Swarm updated.");
        if (!cluster.AutoLock && answer.UnlockKey.Length > 0)
        {
            SwarmUnlockKey.Tell(ctl, answer.UnlockKey);
        }
    }

    private static ClusterSpec Change(ParseResult parsed, ClusterSpec spec)
    {
        if (parsed.GetValue(History) is { } history)
        {
            spec.TaskHistoryLimit = history == "-1" ? -1 : (long)Units.Count(History.Name, history, 10_000);
        }

        if (parsed.GetValue(Heartbeat) is { } heartbeat)
        {
            spec.HeartbeatPeriodNs = Units.DurationNs(Heartbeat.Name, heartbeat);
        }

        if (parsed.GetValue(Expiry) is { } expiry)
        {
            spec.NodeCertificateExpiryNs = Units.DurationNs(Expiry.Name, expiry);
        }

        return spec;
    }
}
