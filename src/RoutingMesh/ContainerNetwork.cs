using System.Net;

namespace Swarm.RoutingMesh;

/// <summary>A container's place in the network.</summary>
/// <param name="ContainerId">The id it was attached under.</param>
/// <param name="Address">Its address in the node's subnet.</param>
/// <param name="NamespacePath">File by which an OCI runtime joins the network namespace.</param>
/// <param name="HostDevice">The node's end of the container's device pair.</param>
/// <param name="IsJoinable">
/// False when the namespace file is gone from this mount namespace (the container itself goes on working).
/// </param>
public sealed record ContainerNetwork(
    string ContainerId, IPAddress Address, string NamespacePath, string HostDevice, bool IsJoinable);
