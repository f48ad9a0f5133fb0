using System.Net;

namespace Swarm.RoutingMesh.Core;

/// <summary>
/// Another node of the cluster: where it is reached (<paramref name="NodeAddress"/>) and which container
/// subnet lives there. Gateway and hardware address follow from the subnet (<see cref="NodeSubnet"/>).
/// </summary>
public sealed record PeerNode(string NodeId, IPAddress NodeAddress, IPNetwork Subnet);
