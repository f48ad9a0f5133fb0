using System.Collections.Immutable;
using System.Net;

namespace Swarm.RoutingMesh.Core;

/// <summary>What the fixed part of a node's rules depends on.</summary>
/// <param name="Bridge">Name of the bridge that the node's containers hang on.</param>
/// <param name="Overlay">Name of the VXLAN device to the other nodes.</param>
/// <param name="Subnet">Container subnet of this node.</param>
/// <param name="Pool">All container subnets of the cluster lie in here.</param>
/// <param name="OverlayPort">UDP port of the overlay between nodes.</param>
/// <param name="ProtectedPorts">Ports of the nodes that no container may reach and no service may take.</param>
internal sealed record NodeRules(
    string Bridge,
    string Overlay,
    IPNetwork Subnet,
    IPNetwork Pool,
    ushort OverlayPort,
    ImmutableArray<ushort> ProtectedPorts)
{
    public IPAddress Gateway => NodeSubnet.Gateway(Subnet);

    public bool IsProtected(PortKey port) =>
        ProtectedPorts.Contains(port.Port) || (port.Protocol == MeshProtocol.Udp && port.Port == OverlayPort);
}
