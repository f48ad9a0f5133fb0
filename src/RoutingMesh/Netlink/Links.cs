using System.Net;
using System.Runtime.InteropServices;

namespace Swarm.RoutingMesh.Netlink;

/// <summary>One network device.</summary>
/// <param name="Data">Kind-specific attributes, as the kernel told them.</param>
internal sealed record LinkInfo(int Index, string Name, string Alias, int Master, string Kind, byte[] Data);

/// <summary>Network devices of one namespace: look up, create, change, delete.</summary>
internal sealed class Links(NetlinkSocket socket)
{
    private const ushort NewLink = 16;
    private const ushort DeleteLink = 17;
    private const ushort GetLink = 18;
    private const ushort MacAttribute = 1;
    private const ushort NameAttribute = 3;
    private const ushort MtuAttribute = 4;
    private const ushort MasterAttribute = 10;
    private const ushort InfoAttribute = 18;
    private const ushort AliasAttribute = 20;
    private const ushort GroupAttribute = 27;
    private const ushort NamespaceAttribute = 28;
    private const ushort KindAttribute = 1;
    private const ushort DataAttribute = 2;
    private const ushort PeerAttribute = 1;
    private const ushort PortKindAttribute = 4;
    private const ushort PortDataAttribute = 5;
    private const ushort PortHairpinAttribute = 4;
    private const uint Up = 1;
    private const ushort CreateNew =
        NetlinkMessage.Request | NetlinkMessage.Acknowledge | NetlinkMessage.Create | NetlinkMessage.Exclusive;
    private const ushort Change = NetlinkMessage.Request | NetlinkMessage.Acknowledge;

    /// <summary>VXLAN attributes that are compared after a restart.</summary>
    public const ushort VxlanIdAttribute = 1;
    public const ushort VxlanLocalAttribute = 4;
    public const ushort VxlanPortAttribute = 15;
    private const ushort VxlanLearningAttribute = 7;
    private const ushort VxlanProxyAttribute = 11;

    /// <summary>The device of that name, or null.</summary>
    public LinkInfo? Find(string name)
    {
        LinkInfo? found = null;
        var message = new NetlinkMessage(GetLink, NetlinkMessage.Request)
            .Header(default(Headers.Link)).Text(NameAttribute, name);
        var errno = socket.TryAsk(message, (_, payload) => found = Parse(payload));
        return errno is 0 or Native.NoDevice ? found : throw Native.Failure($"look up device {name}", errno);
    }

    /// <summary>The device of that name, which must exist.</summary>
    public LinkInfo Get(string name) =>
        Find(name) ?? throw new MeshException($"network device {name} does not exist", Native.NoDevice);

    public List<LinkInfo> All()
    {
        var all = new List<LinkInfo>();
        socket.Ask(
            "list network devices",
            new NetlinkMessage(GetLink, NetlinkMessage.Request | NetlinkMessage.Dump).Header(default(Headers.Link)),
            (_, payload) => all.Add(Parse(payload)));
        return all;
    }

    public void AddBridge(string name, ReadOnlyMemory<byte> mac, uint mtu) =>
        socket.Ask(
            $"create bridge {name}",
            New(name, mac, mtu).Nested(InfoAttribute, info => info.Text(KindAttribute, "bridge")));

    public void AddVxlan(string name, ReadOnlyMemory<byte> mac, uint mtu, VxlanOptions vxlan) =>
        socket.Ask(
            $"create VXLAN device {name}",
            New(name, mac, mtu).Nested(InfoAttribute, info => info
                .Text(KindAttribute, "vxlan")
                .Nested(DataAttribute, data => data
                    .Number(VxlanIdAttribute, vxlan.Id)
                    .Address(VxlanLocalAttribute, vxlan.Local)
                    .Port(VxlanPortAttribute, vxlan.Port)
                    .Byte(VxlanLearningAttribute, 0)
                    .Byte(VxlanProxyAttribute, 1))));

    /// <summary>A pair of devices: one end up and on a bridge here, the other in another namespace.</summary>
    public void AddPair(string name, int bridge, uint mtu, PairPeer peer) =>
        socket.Ask(
            $"create device pair {name}",
            New(name, default, mtu)
                .Number(MasterAttribute, (uint)bridge)
                .Nested(InfoAttribute, info => info
                    .Text(KindAttribute, "veth")
                    .Nested(DataAttribute, data => data
                        .Nested(PeerAttribute, end => end
                            .Header(default(Headers.Link))
                            .Text(NameAttribute, peer.Name)
                            .Bytes(MacAttribute, peer.Mac)
                            .Number(MtuAttribute, mtu)
                            .Number(NamespaceAttribute, (uint)peer.NamespaceDescriptor)))));

    public void SetUp(int index) =>
        socket.Ask($"set device {index} up", new NetlinkMessage(NewLink, Change)
            .Header(new Headers.Link(0, 0, 0, index, Up, Up)));

    /// <summary>Writes a note that the kernel keeps with the device, at most 255 bytes.</summary>
    public void SetAlias(int index, string alias) =>
        socket.Ask($"describe device {index}", new NetlinkMessage(NewLink, Change)
            .Header(new Headers.Link(0, 0, 0, index, 0, 0)).Text(AliasAttribute, alias));

    /// <summary>
    /// Lets a bridge send a frame back to where it came from. Needed where bridged frames are translated
    /// (bridge-nf-call-iptables) and a container reaches itself through a published port.
    /// </summary>
    public void AllowHairpin(int index) =>
        socket.Ask($"allow hairpins on device {index}", new NetlinkMessage(NewLink, Change)
            .Header(new Headers.Link(0, 0, 0, index, 0, 0))
            .Nested(InfoAttribute, info => info
                .Text(PortKindAttribute, "bridge")
                .Nested(PortDataAttribute, data => data.Byte(PortHairpinAttribute, 1))));

    /// <summary>Deletes a device; false when there is none of that name.</summary>
    public bool Delete(string name)
    {
        var errno = socket.TryAsk(new NetlinkMessage(DeleteLink, Change)
            .Header(default(Headers.Link)).Text(NameAttribute, name));
        return errno is 0 or Native.NoDevice
            ? errno == 0
            : throw Native.Failure($"delete device {name}", errno);
    }

    /// <summary>
    /// Takes a device out of service at once: down, off its bridge, and one of a group that is deleted together.
    /// Deleting a device waits some 20 ms for the kernel's readers; a group waits once. False when there is none.
    /// </summary>
    public bool Retire(string name, uint group)
    {
        var errno = socket.TryAsk(new NetlinkMessage(NewLink, Change)
            .Header(new Headers.Link(0, 0, 0, 0, 0, Up))
            .Text(NameAttribute, name)
            .Number(GroupAttribute, group)
            .Number(MasterAttribute, 0));
        return errno is 0 or Native.NoDevice
            ? errno == 0
            : throw Native.Failure($"take device {name} out of service", errno);
    }

    /// <summary>Deletes all devices of a group; none is fine.</summary>
    public void DeleteGroup(uint group)
    {
        var errno = socket.TryAsk(new NetlinkMessage(DeleteLink, Change)
            .Header(default(Headers.Link)).Number(GroupAttribute, group));
        if (errno is not (0 or Native.NoDevice))
            throw Native.Failure($"delete the devices of group {group}", errno);
    }

    private static NetlinkMessage New(string name, ReadOnlyMemory<byte> mac, uint mtu)
    {
        var message = new NetlinkMessage(NewLink, CreateNew)
            .Header(new Headers.Link(0, 0, 0, 0, Up, Up))
            .Text(NameAttribute, name)
            .Number(MtuAttribute, mtu);
        return mac.IsEmpty ? message : message.Bytes(MacAttribute, mac.Span);
    }

    private static LinkInfo Parse(ReadOnlySpan<byte> payload)
    {
        var index = MemoryMarshal.Read<Headers.Link>(payload).Index;
        var (name, alias, master, kind, data) = ("", "", 0, "", Array.Empty<byte>());
        var walk = new Attributes(payload[Headers.LinkBytes..]);
        while (walk.Next())
        {
            if (walk.Type == NameAttribute)
                name = walk.Text;
            else if (walk.Type == AliasAttribute)
                alias = walk.Text;
            else if (walk.Type == MasterAttribute)
                master = (int)walk.Number;
            else if (walk.Type == InfoAttribute)
                (kind, data) = ParseInfo(walk.Value);
        }

        return new LinkInfo(index, name, alias, master, kind, data);
    }

    private static (string Kind, byte[] Data) ParseInfo(ReadOnlySpan<byte> info)
    {
        var (kind, data) = ("", Array.Empty<byte>());
        var walk = new Attributes(info);
        while (walk.Next())
        {
            if (walk.Type == KindAttribute)
                kind = walk.Text;
            else if (walk.Type == DataAttribute)
                data = walk.Value.ToArray();
        }

        return (kind, data);
    }
}

/// <summary>What a VXLAN device is made of.</summary>
internal sealed record VxlanOptions(uint Id, IPAddress Local, ushort Port);

/// <summary>The far end of a device pair.</summary>
internal sealed record PairPeer(string Name, byte[] Mac, int NamespaceDescriptor);
