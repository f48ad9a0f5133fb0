namespace Swarm.RoutingMesh.Core;

/// <summary>Transport protocol of a published port.</summary>
public enum MeshProtocol
{
    Tcp,
    Udp,
}
