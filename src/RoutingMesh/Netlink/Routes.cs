using System.Net;
using System.Runtime.InteropServices;
using Swarm.RoutingMesh.Core;

namespace Swarm.RoutingMesh.Netlink;

/// <summary>
/// Addresses, routes and neighbours of one namespace. Adding replaces, deleting what is gone succeeds.
/// </summary>
internal sealed class Routes(NetlinkSocket socket)
{
    private const ushort NewAddress = 20;
    private const ushort GetAddress = 22;
    private const ushort NewRoute = 24;
    private const ushort DeleteRoute = 25;
    private const ushort GetRoute = 26;
    private const ushort NewNeighbour = 28;
    private const ushort DeleteNeighbour = 29;
    private const ushort Change = NetlinkMessage.Request | NetlinkMessage.Acknowledge;
    private const ushort Put = Change | NetlinkMessage.Create | NetlinkMessage.Replace;
    private const ushort DestinationAttribute = 1;
    private const ushort MacAttribute = 2;
    private const ushort DeviceAttribute = 4;
    private const ushort GatewayAttribute = 5;
    private const ushort SourceAttribute = 7;
    private const ushort AddressAttribute = 1;
    private const ushort LocalAttribute = 2;
    private const ushort Permanent = 0x80;
    private const ushort NoArp = 0x40;
    private const byte Self = 2;
    private const byte MainTable = 254;
    private const byte Unicast = 1;
    private const byte GlobalScope = 0;
    private const uint OnLink = 4;

    /// <summary>Marks our routes among others' (a number that no routing daemon has registered).</summary>
    private const byte Owner = 0x53;

    public void PutAddress(int device, IPAddress address, int prefixBits) =>
        socket.Ask($"give {address} to device {device}", new NetlinkMessage(NewAddress, Put)
            .Header(new Headers.Address(Headers.Inet, (byte)prefixBits, 0, GlobalScope, device))
            .Address(LocalAttribute, address)
            .Address(AddressAttribute, address));

    /// <summary>All IPv4 addresses of the namespace with their devices and prefix lengths.</summary>
    public List<(int Device, IPAddress Address, int PrefixBits)> Addresses()
    {
        var all = new List<(int, IPAddress, int)>();
        var message = new NetlinkMessage(GetAddress, NetlinkMessage.Request | NetlinkMessage.Dump)
            .Header(new Headers.Address(Headers.Inet, 0, 0, 0, 0));
        socket.Ask("list addresses", message, (_, payload) =>
        {
            var header = MemoryMarshal.Read<Headers.Address>(payload);
            var local = Attributes.Find(payload[Headers.AddressBytes..], LocalAttribute);
            if (local.Length == Ipv4.Bytes)
                all.Add((header.Index, new IPAddress(local), header.PrefixLength));
        });
        return all;
    }

    /// <summary>The default route of a container.</summary>
    public void PutDefault(int device, IPAddress gateway) =>
        socket.Ask($"route everything to {gateway}", new NetlinkMessage(NewRoute, Put)
            .Header(Route(0, 0))
            .Number(DeviceAttribute, (uint)device)
            .Address(GatewayAttribute, gateway));

    /// <summary>A subnet behind a gateway that needs no address of its own on the device.</summary>
    public void PutSubnet(int device, IPNetwork subnet, IPAddress gateway, IPAddress source) =>
        socket.Ask($"route {subnet} to {gateway}", new NetlinkMessage(NewRoute, Put)
            .Header(Route(subnet.PrefixLength, OnLink))
            .Address(DestinationAttribute, subnet.BaseAddress)
            .Number(DeviceAttribute, (uint)device)
            .Address(GatewayAttribute, gateway)
            .Address(SourceAttribute, source));

    public void DropSubnet(int device, IPNetwork subnet) =>
        AllowAbsent($"remove the route to {subnet}", new NetlinkMessage(DeleteRoute, Change)
            .Header(Route(subnet.PrefixLength, 0))
            .Address(DestinationAttribute, subnet.BaseAddress)
            .Number(DeviceAttribute, (uint)device));

    /// <summary>The subnets that we route over a device.</summary>
    public List<IPNetwork> Subnets(int device)
    {
        var all = new List<IPNetwork>();
        var message = new NetlinkMessage(GetRoute, NetlinkMessage.Request | NetlinkMessage.Dump)
            .Header(new Headers.Route { Family = Headers.Inet });
        socket.Ask("list routes", message, (_, payload) =>
        {
            var header = MemoryMarshal.Read<Headers.Route>(payload);
            var attributes = payload[Headers.RouteBytes..];
            var through = Attributes.Find(attributes, DeviceAttribute);
            var destination = Attributes.Find(attributes, DestinationAttribute);
            if (header.Protocol == Owner && destination.Length == Ipv4.Bytes
                && through.Length == sizeof(int) && MemoryMarshal.Read<int>(through) == device)
                all.Add(new IPNetwork(new IPAddress(destination), header.DestinationBits));
        });
        return all;
    }

    /// <summary>A neighbour that is never asked for by broadcast.</summary>
    public void PutNeighbour(int device, IPAddress address, byte[] mac) =>
        socket.Ask($"enter neighbour {address}", new NetlinkMessage(NewNeighbour, Put)
            .Header(new Headers.Neighbour(Headers.Inet, 0, 0, device, Permanent, 0, 0))
            .Address(DestinationAttribute, address)
            .Bytes(MacAttribute, mac));

    public void DropNeighbour(int device, IPAddress address) =>
        AllowAbsent($"remove neighbour {address}", new NetlinkMessage(DeleteNeighbour, Change)
            .Header(new Headers.Neighbour(Headers.Inet, 0, 0, device, 0, 0, 0))
            .Address(DestinationAttribute, address));

    /// <summary>Which node a VXLAN device sends the frames for a hardware address to.</summary>
    public void PutForwarding(int device, byte[] mac, IPAddress node) =>
        socket.Ask($"forward to node {node}", new NetlinkMessage(NewNeighbour, Put)
            .Header(new Headers.Neighbour(Headers.Bridge, 0, 0, device, Permanent | NoArp, Self, 0))
            .Bytes(MacAttribute, mac)
            .Address(DestinationAttribute, node));

    public void DropForwarding(int device, byte[] mac) =>
        AllowAbsent("remove a forwarding entry", new NetlinkMessage(DeleteNeighbour, Change)
            .Header(new Headers.Neighbour(Headers.Bridge, 0, 0, device, 0, Self, 0))
            .Bytes(MacAttribute, mac));

    private static Headers.Route Route(int bits, uint flags) => new()
    {
        Family = Headers.Inet,
        DestinationBits = (byte)bits,
        Table = MainTable,
        Protocol = Owner,
        Scope = GlobalScope,
        Type = Unicast,
        Flags = flags,
    };

    private void AllowAbsent(string what, NetlinkMessage message)
    {
        var errno = socket.TryAsk(message);
        if (errno is not (0 or Native.NoEntry or Native.NoProcess or Native.NoDevice))
            throw Native.Failure(what, errno);
    }
}
