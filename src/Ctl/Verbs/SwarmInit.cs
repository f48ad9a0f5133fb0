using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`swarm init`</summary>
internal static class SwarmInit
{
    internal static readonly Option<string?> Advertise = new("--advertise-addr")
    {
        Description = "Address that the other nodes dial: ip|interface[:port]", HelpName = "string",
    };

    internal static readonly Option<string?> Listen = new("--listen-addr")
    {
        Description = "Address to listen on (default: the advertised one)", HelpName = "node-addr",
    };

    internal static readonly Option<string?> Availability = new("--availability")
    {
        Description = "active, pause or drain (default active)", HelpName = "string",
    };

    internal static Command Build()
    {
        var history =
            new Option<string?>("--task-history-limit") { Description = "Ended tasks kept for each slot (default 5)" };
        var heartbeat =
            new Option<string?>("--dispatcher-heartbeat") { Description = "Between two heartbeats (default 1s)" };
        var expiry = new Option<string?>("--cert-expiry") { Description = "Life of node certificates (default 2160h)" };
        var pool = new Option<string?>(
            "--default-addr-pool") { Description = "Pool of container addresses (default 10.64.0.0/10)" };
        var mask = new Option<string?>(
            "--default-addr-pool-mask-length") { Description = "Prefix length of a node's subnet (default 22)" };
        var autoLock = new Option<bool>(
            "--autolock") { Description = "Managers start locked and need the unlock key that is printed" };
        var command = new Command("init", "Initialize a swarm")
        {
            Advertise, Listen, Availability, history, heartbeat, expiry, pool, mask, autoLock, ForceNewCluster.Force,
            ForceNewCluster.Observe,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            if (parsed.GetValue(ForceNewCluster.Force))
            {
                return await ForceNewCluster.RunAsync(
                    ctl, parsed, [Availability, history, heartbeat, expiry, pool, mask, autoLock],
                        ct).ConfigureAwait(false);
            }

            if (parsed.GetValue(ForceNewCluster.Observe))
            {
                throw new UsageException("--observe goes with --force-new-cluster");
            }

            var spec = new ClusterSpec();
            if (parsed.GetValue(history) is { } h)
            {
                spec.TaskHistoryLimit = (long)Units.Count("--task-history-limit", h, 10_000);
            }

            if (parsed.GetValue(heartbeat) is { } b)
            {
                spec.HeartbeatPeriodNs = Units.DurationNs("--dispatcher-heartbeat", b);
            }

            if (parsed.GetValue(expiry) is { } e)
            {
                spec.NodeCertificateExpiryNs = Units.DurationNs("--cert-expiry", e);
            }

            spec.AddressPool = parsed.GetValue(pool) ?? "";
            spec.NodeSubnetBits = parsed.GetValue(mask) is { } m
                ? (uint)Units.Count("--default-addr-pool-mask-length", m, 30)
                : 0;
            var response = await ctl.LocalAsync<InitSwarmRequest, InitSwarmResponse>(
                "InitSwarm",
                new InitSwarmRequest
                {
                    AdvertiseAddress = parsed.GetValue(Advertise) ?? "",
                    ListenAddress = parsed.GetValue(Listen) ?? "",
                    Availability = ParseAvailability(parsed.GetValue(Availability)),
                    Spec = spec,
                    AutoLock = parsed.GetValue(autoLock),
                },
                ct).ConfigureAwait(false);
            Say(ctl, response);
            return ExitCode.Done;
        });
    }

    internal static NodeSpec.Types.Availability ParseAvailability(string? text) => text switch
    {
        null => NodeSpec.Types.Availability.Unspecified,
        "active" => NodeSpec.Types.Availability.Active,
        "pause" => NodeSpec.Types.Availability.Pause,
        "drain" => NodeSpec.Types.Availability.Drain,
        _ => throw new UsageException($"--availability '{text}': unknown; use active, pause or drain"),
    };

    private static void Say(Cli.Ctl ctl, InitSwarmResponse response)
    {
        ctl.Out.WriteLine($"Swarm initialized: current node ({response.NodeId}) is now a manager.");
        ctl.Out.WriteLine();
        ctl.Out.WriteLine("To add a worker to this swarm, run the following command:");
        ctl.Out.WriteLine();
        ctl.Out.WriteLine($"    swarmctl swarm join --token {response.WorkerToken} {response.ManagerAddress}");
        ctl.Out.WriteLine();
        ctl.Out.WriteLine(
            "To add a manager to this swarm, run 'swarmctl swarm join-token manager' and follow the instructions.");
        if (response.UnlockKey.Length > 0)
        {
            ctl.Out.WriteLine();
            SwarmUnlockKey.Tell(ctl, response.UnlockKey);
        }
    }
}
