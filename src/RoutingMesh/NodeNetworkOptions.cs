using System.Net;

namespace Swarm.RoutingMesh;

/// <summary>What a node's network is made of. Names and numbers are the same on all nodes of a cluster.</summary>
public sealed record NodeNetworkOptions
{
    /// <summary>Container subnet of this node, given by the managers (for example 10.88.3.0/24).</summary>
    public required IPNetwork Subnet { get; init; }

    /// <summary>Address under which the other nodes reach this one.</summary>
    public required IPAddress NodeAddress { get; init; }

    /// <summary>Directory for the containers' network namespaces (in its subdirectory netns).</summary>
    public required string RunDirectory { get; init; }

    /// <summary>All container subnets of the cluster lie in this one.</summary>
    public IPNetwork Pool { get; init; } = IPNetwork.Parse("10.88.0.0/16");

    /// <summary>At most 15 characters.</summary>
    public string BridgeName { get; init; } = "swarm0";

    /// <summary>Name of the VXLAN device; at most 15 characters.</summary>
    public string OverlayName { get; init; } = "swarmvx0";

    /// <summary>UDP port of the overlay between nodes.</summary>
    public ushort OverlayPort { get; init; } = 4789;

    /// <summary>VXLAN network identifier of the ingress overlay, 1 to 16,777,215.</summary>
    public uint OverlayId { get; init; } = 0x5357;

    /// <summary>Bytes. VXLAN needs 50 of the 1,500 that the nodes' network carries.</summary>
    public uint Mtu { get; init; } = 1450;

    /// <summary>The daemon's own TCP and UDP ports: no container may reach them, no service may take them.</summary>
    public IReadOnlyList<ushort> ProtectedPorts { get; init; } = [];

    /// <summary>File of the network namespace to work in; null is the process's own. Tests use it.</summary>
    public string? NamespacePath { get; init; }

    /// <summary>Told what an operator wants to know.</summary>
    public Action<string> Log { get; init; } = static _ => { };
}
