namespace Swarm.RoutingMesh.Core;

/// <summary>Something in a mesh table that this node does not program, and why.</summary>
public sealed record RefusedEntry(string ServiceId, PortKey Port, string Reason)
{
    public override string ToString() => $"service {ServiceId}, port {Port}: {Reason}";
}
