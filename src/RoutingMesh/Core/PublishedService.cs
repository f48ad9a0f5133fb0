namespace Swarm.RoutingMesh.Core;

/// <summary>
/// One published port and all tasks that answer there. In <see cref="PublishMode.Host"/> the backends are
/// the tasks of this very node. A service without backends refuses connections at once.
/// </summary>
public sealed record PublishedService(
    string ServiceId,
    MeshProtocol Protocol,
    ushort PublishedPort,
    PublishMode Mode,
    IReadOnlyList<MeshBackend> Backends);
