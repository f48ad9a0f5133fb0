using System.Net;

namespace Swarm.RoutingMesh.Core;

/// <summary>
/// What follows from a node's container subnet alone: the gateway (first address of the subnet) and the
/// hardware addresses. Nothing about them has to be distributed, and no two nodes can differ about them.
/// </summary>
public static class NodeSubnet
{
    /// <summary>Shortest and longest prefix of a node's subnet, in bits: between 65,533 and 13 containers.</summary>
    public const int MinPrefixBits = 16;
    public const int MaxPrefixBits = 28;

    /// <summary>The node's own address in its subnet: the bridge, the containers' default route.</summary>
    public static IPAddress Gateway(IPNetwork subnet) =>
        Ipv4.FromNumber(Ipv4.ToNumber(subnet.BaseAddress) + 1);

    /// <summary>Hardware address of the node on the overlay: 02:53 (locally administered) and the subnet.</summary>
    public static byte[] OverlayMac(IPNetwork subnet) => Mac(0x53, subnet.BaseAddress);

    /// <summary>Hardware address of the node's bridge.</summary>
    public static byte[] BridgeMac(IPNetwork subnet) => Mac(0x54, Gateway(subnet));

    /// <summary>Hardware address of a container: it follows its IP address, so no neighbour entry goes stale.</summary>
    public static byte[] ContainerMac(IPAddress address) => Mac(0x55, address);

    /// <summary>Null when the subnet can be used, otherwise the reason.</summary>
    public static string? Problem(IPNetwork subnet) =>
        !Ipv4.Is(subnet.BaseAddress) ? $"subnet {subnet} is not IPv4"
        : subnet.PrefixLength is < MinPrefixBits or > MaxPrefixBits
            ? $"subnet {subnet} must have a prefix of {MinPrefixBits} to {MaxPrefixBits} bits"
        : null;

    private static byte[] Mac(byte kind, IPAddress address)
    {
        var number = Ipv4.ToNumber(address);
        return [0x02, kind, (byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number];
    }
}
