using System.Net;

namespace Swarm.RoutingMesh.Core;

/// <summary>One running task behind a published port: its container's IPv4 address and its port.</summary>
public sealed record MeshBackend(IPAddress Address, ushort Port) : IComparable<MeshBackend>
{
    /// <summary>Order by address and then port, so that the same set always gives the same rules.</summary>
    public int CompareTo(MeshBackend? other)
    {
        if (other is null)
            return 1;
        var byAddress = Ipv4.ToNumber(Address).CompareTo(Ipv4.ToNumber(other.Address));
        return byAddress != 0 ? byAddress : Port.CompareTo(other.Port);
    }

    public override string ToString() => $"{Address}:{Port}";
}
