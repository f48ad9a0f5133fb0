using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Volumes;

/// <summary>What stands between volumes and the host.</summary>
public sealed record VolumeWalls
{
    /// <summary>What of the host may be mounted.</summary>
    public HostPaths Paths { get; init; } = HostPaths.Usual;

    /// <summary>Ids of the host that containers in user namespaces have; null = the same as the host's.</summary>
    public IdRange? UserRange { get; init; }

    /// <summary>The host's id of the containers' root.</summary>
    internal long RootId => UserRange?.First ?? 0;
}
