namespace Swarm.RoutingMesh.Core;

/// <summary>What clients connect to: protocol and published port.</summary>
public readonly record struct PortKey(MeshProtocol Protocol, ushort Port) : IComparable<PortKey>
{
    public int CompareTo(PortKey other)
    {
        var byProtocol = Protocol.CompareTo(other.Protocol);
        return byProtocol != 0 ? byProtocol : Port.CompareTo(other.Port);
    }

    /// <summary>The protocol as nftables writes it.</summary>
    public string ProtocolName => Protocol == MeshProtocol.Tcp ? "tcp" : "udp";

    public override string ToString() => $"{Port}/{ProtocolName}";
}
