using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>The rules of the settings of a whole swarm.</summary>
public static class ClusterSpecValidator
{
    /// <summary>Ended tasks kept for each slot, at most; -1 keeps all.</summary>
    public const int MaxTaskHistory = 10_000;

    /// <summary>Least time between heartbeats: below it, a busy machine loses its nodes.</summary>
    public const int MinHeartbeatMs = 100;

    /// <summary>Greatest time between heartbeats: beyond it, nobody would notice a node that died.</summary>
    public const int MaxHeartbeatMinutes = 10;

    /// <summary>Least life of a node certificate: renewal needs time for retries.</summary>
    public const int MinCertificateHours = 1;

    private const long NsPerMs = 1_000_000;
    private const long MinHeartbeatNs = MinHeartbeatMs * NsPerMs;
    private const long MaxHeartbeatNs = MaxHeartbeatMinutes * 60_000 * NsPerMs;
    private const long MinCertificateNs = MinCertificateHours * 3_600_000 * NsPerMs;

    /// <summary>Every fault; empty when the settings may be stored.</summary>
    public static IReadOnlyList<SpecFault> Check(ClusterSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var faults = new FaultCollector();
        if (spec is { HasTaskHistoryLimit: true, TaskHistoryLimit: < -1 or > MaxTaskHistory })
        {
            faults.Add("task_history_limit", $"{spec.TaskHistoryLimit}", $"must be -1 (all) to {MaxTaskHistory}",
                "use 5");
        }

        if (spec is { HasHeartbeatPeriodNs: true, HeartbeatPeriodNs: < MinHeartbeatNs or > MaxHeartbeatNs })
        {
            faults.Add(
                "heartbeat_period", $"{spec.HeartbeatPeriodNs} ns",
                $"must be {MinHeartbeatMs} ms to {MaxHeartbeatMinutes} minutes", "use 1s");
        }

        if (spec is { HasNodeCertificateExpiryNs: true, NodeCertificateExpiryNs: < MinCertificateNs })
        {
            faults.Add(
                "node_certificate_expiry", $"{spec.NodeCertificateExpiryNs} ns",
                $"must be at least {MinCertificateHours} h", "use 2160h");
        }

        return faults.All;
    }

    /// <summary>Faults of a change: what nodes have been given addresses from stays.</summary>
    public static IReadOnlyList<SpecFault> CheckChange(ClusterSpec before, ClusterSpec after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var faults = new FaultCollector();
        if (before.AddressPool != after.AddressPool || before.NodeSubnetBits != after.NodeSubnetBits)
        {
            faults.Add(
                "address_pool", $"{after.AddressPool}/{after.NodeSubnetBits}", "cannot be changed in a swarm",
                "set it with 'swarm init'");
        }

        return [.. Check(after), .. faults.All];
    }
}
