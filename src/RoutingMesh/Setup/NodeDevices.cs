using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using Swarm.RoutingMesh.Core;
using Swarm.RoutingMesh.Netlink;

namespace Swarm.RoutingMesh.Setup;

/// <summary>
/// The node's bridge and overlay device. Setting up what is there already changes nothing, so running
/// containers do not notice a restart of the daemon.
/// </summary>
internal sealed class NodeDevices(NodeNetworkOptions options, Links links, Routes routes)
{
    /// <summary>Creates what is missing, on the thread of the node's namespace.</summary>
    public void SetUp()
    {
        var bridge = Bridge();
        var overlay = Overlay();
        if (KernelSettings.Set("ipv4/ip_forward", 1))
            options.Log("IPv4 forwarding switched on: containers need it");
        foreach (var device in (string[])[options.BridgeName, options.OverlayName])
        {
            // Only these two: a client on 127.0.0.1 is sent out over them (NET-5; the guard chain drops
            // 127/8 from outside). The devices of the host keep it off.
            KernelSettings.Set($"ipv4/conf/{device}/route_localnet", 1);
            KernelSettings.Set($"ipv4/conf/{device}/send_redirects", 0);
            KernelSettings.SetIfPresent($"ipv6/conf/{device}/disable_ipv6", 1);
        }

        LeaveBridgedFramesAlone(bridge);
        links.SetUp(bridge.Index);
        links.SetUp(overlay.Index);
    }

    /// <summary>Removes both devices, and with the bridge its address.</summary>
    public void Remove()
    {
        links.Delete(options.OverlayName);
        links.Delete(options.BridgeName);
    }

    private LinkInfo Bridge()
    {
        var gateway = NodeSubnet.Gateway(options.Subnet);
        if (links.Find(options.BridgeName) is null)
            links.AddBridge(options.BridgeName, NodeSubnet.BridgeMac(options.Subnet), options.Mtu);
        var bridge = links.Get(options.BridgeName);
        if (bridge.Kind != "bridge")
            throw new MeshException($"device {options.BridgeName} exists and is no bridge; rename or remove it");
        foreach (var (_, address, bits) in routes.Addresses().Where(entry => entry.Device == bridge.Index))
        {
            if (!address.Equals(gateway) || bits != options.Subnet.PrefixLength)
                throw new MeshException($"{options.BridgeName} has {address}/{bits}, this node's subnet is "
                    + $"{options.Subnet}: leave the swarm first, so that the old network is removed");
        }

        routes.PutAddress(bridge.Index, gateway, options.Subnet.PrefixLength);
        return bridge;
    }

    private LinkInfo Overlay()
    {
        var wanted = new VxlanOptions(options.OverlayId, options.NodeAddress, options.OverlayPort);
        var existing = links.Find(options.OverlayName);
        if (existing is not null && !IsSame(existing, wanted))
        {
            options.Log($"{options.OverlayName} has other settings than wanted; made anew");
            links.Delete(options.OverlayName);
            existing = null;
        }

        if (existing is null)
            links.AddVxlan(options.OverlayName, NodeSubnet.OverlayMac(options.Subnet), options.Mtu, wanted);
        return links.Get(options.OverlayName);
    }

    private static bool IsSame(LinkInfo link, VxlanOptions wanted)
    {
        var id = Attributes.Find(link.Data, Links.VxlanIdAttribute);
        var local = Attributes.Find(link.Data, Links.VxlanLocalAttribute);
        var port = Attributes.Find(link.Data, Links.VxlanPortAttribute);
        return link.Kind == "vxlan"
            && id.Length == sizeof(uint) && MemoryMarshal.Read<uint>(id) == wanted.Id
            && local.Length == Ipv4.Bytes && new IPAddress(local).Equals(wanted.Local)
            && port.Length == sizeof(ushort) && BinaryPrimitives.ReadUInt16BigEndian(port) == wanted.Port;
    }

    /// <summary>
    /// Frames between containers of one bridge need no IP rules. The switch is one for all bridges, so it
    /// stays as it is where another program has a bridge too; our rules are right both ways.
    /// </summary>
    private void LeaveBridgedFramesAlone(LinkInfo ours)
    {
        if (links.All().Any(link => link.Kind == "bridge" && link.Index != ours.Index))
            return;
        KernelSettings.SetIfPresent("bridge/bridge-nf-call-iptables", 0);
    }
}
