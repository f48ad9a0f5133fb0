namespace Swarm.RoutingMesh.Core;

/// <summary>How a port is published.</summary>
public enum PublishMode
{
    /// <summary>On every node, for every task of the service.</summary>
    Ingress,

    /// <summary>On the task's own node, for that task only.</summary>
    Host,
}
