using System.Collections.Immutable;
using System.Net;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Scheduler;

/// <summary>What a constraint looks at.</summary>
public enum ConstraintSubject
{
    /// <summary>node.id</summary>
    NodeId,

    /// <summary>node.hostname</summary>
    Hostname,

    /// <summary>node.ip: an address or a network in CIDR form.</summary>
    Address,

    /// <summary>node.role: manager or worker.</summary>
    Role,

    /// <summary>node.platform.os</summary>
    Os,

    /// <summary>node.platform.arch</summary>
    Architecture,

    /// <summary>node.labels.NAME</summary>
    NodeLabel,

    /// <summary>engine.labels.NAME</summary>
    EngineLabel,
}

/// <summary>One parsed constraint. Values compare without case, label names with (behaviour.md I).</summary>
/// <param name="Subject">What it looks at.</param>
/// <param name="Label">Name of the label; empty for other subjects.</param>
/// <param name="Equal">== rather than !=.</param>
/// <param name="Value">What it is compared with.</param>
public sealed record Constraint(ConstraintSubject Subject, string Label, bool Equal, string Value)
{
    /// <summary>The node satisfies it. What a node does not have is the empty text.</summary>
    public bool Admits(NodeRecord node) => Matches(node) == Equal;

    private bool Matches(NodeRecord node) => Subject switch
    {
        ConstraintSubject.NodeId => Same(node.Id.ToString()),
        ConstraintSubject.Hostname => Same(node.Description?.Hostname),
        ConstraintSubject.Address => HasAddress(node.Address),
        ConstraintSubject.Role => Same(node.Role == NodeRole.Manager ? "manager" : "worker"),
        ConstraintSubject.Os => Same(node.Description?.Platform?.Os),
        ConstraintSubject.Architecture =>
            Platforms.Normal(Value) == Platforms.Normal(node.Description?.Platform?.Architecture ?? ""),
        ConstraintSubject.NodeLabel => Same(node.Spec.Labels.TryGetValue(Label, out var value) ? value : ""),
        ConstraintSubject.EngineLabel => Same(
            node.Description is { } d && d.EngineLabels.TryGetValue(Label, out var value) ? value : ""),
        _ => throw new InvariantException($"no rule for constraints on {Subject}"),
    };

    private bool Same(string? actual) => string.Equals(actual ?? "", Value, StringComparison.OrdinalIgnoreCase);

    private bool HasAddress(string text)
    {
        var host = HostPort.TryParse(text, out var both) ? both.Host : text;
        return IPAddress.TryParse(host, out var address)
            && (IPAddress.TryParse(Value, out var single) ? single.Equals(address)
                : IPNetwork.TryParse(Value, out var network) && network.Contains(address));
    }
}

/// <summary>Names of platforms that mean the same.</summary>
internal static class Platforms
{
    internal static string Normal(string architecture) => architecture.ToLowerInvariant() switch
    {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        var other => other,
    };

    /// <summary>One of the wanted ones is the node's; what is empty matches all.</summary>
    internal static bool Admit(ImmutableArray<Platform> wanted, NodeRecord node)
    {
        if (wanted.IsEmpty)
        {
            return true;
        }

        var (os, architecture) = (node.Description?.Platform?.Os ?? "", node.Description?.Platform?.Architecture ?? "");
        foreach (var platform in wanted)
        {
            if ((platform.Os.Length == 0 || string.Equals(platform.Os, os, StringComparison.OrdinalIgnoreCase))
                && (platform.Architecture.Length == 0 || Normal(platform.Architecture) == Normal(architecture)))
            {
                return true;
            }
        }

        return false;
    }
}
