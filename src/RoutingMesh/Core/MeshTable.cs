namespace Swarm.RoutingMesh.Core;

/// <summary>
/// All ports published on one node. The version is the sender's; it is acknowledged when the kernel has it.
/// </summary>
public sealed record MeshTable(ulong Version, IReadOnlyList<PublishedService> Services);
