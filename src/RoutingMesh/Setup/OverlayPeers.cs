using System.Net;
using Swarm.RoutingMesh.Core;
using Swarm.RoutingMesh.Netlink;

namespace Swarm.RoutingMesh.Setup;

/// <summary>
/// The other nodes on the overlay device: for each a forwarding entry (hardware address → node), a
/// neighbour entry (gateway → hardware address) and a route (subnet → gateway). Nothing is learnt from
/// the wire and nothing is asked for by broadcast.
/// </summary>
internal sealed class OverlayPeers(NodeNetworkOptions options, Links links, Routes routes)
{
    private IReadOnlyList<PeerNode>? _current;

    /// <summary>Takes away the nodes that are not in the list; after a start also a former life's.</summary>
    public void Withdraw(IReadOnlyList<PeerNode> peers)
    {
        var device = links.Get(options.OverlayName).Index;
        var wanted = peers.Select(peer => peer.Subnet).ToHashSet();
        var present = _current?.Select(peer => peer.Subnet) ?? routes.Subnets(device);
        foreach (var subnet in present.Where(subnet => !wanted.Contains(subnet)))
        {
            routes.DropSubnet(device, subnet);
            routes.DropNeighbour(device, NodeSubnet.Gateway(subnet));
            routes.DropForwarding(device, NodeSubnet.OverlayMac(subnet));
        }
    }

    /// <summary>Enters new and changed nodes. After a failure everything is entered again the next time.</summary>
    public void Enter(IReadOnlyList<PeerNode> peers)
    {
        var device = links.Get(options.OverlayName).Index;
        var source = NodeSubnet.Gateway(options.Subnet);
        var added = PeerChange.Between(_current ?? [], peers).Added;
        _current = null;
        foreach (var peer in added)
        {
            var (gateway, mac) = (NodeSubnet.Gateway(peer.Subnet), NodeSubnet.OverlayMac(peer.Subnet));
            routes.PutForwarding(device, mac, peer.NodeAddress);
            routes.PutNeighbour(device, gateway, mac);
            routes.PutSubnet(device, peer.Subnet, gateway, source);
        }

        _current = peers;
    }
}
