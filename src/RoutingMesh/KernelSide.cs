using Swarm.RoutingMesh.Core;
using Swarm.RoutingMesh.Netlink;
using Swarm.RoutingMesh.Rules;
using Swarm.RoutingMesh.Setup;

namespace Swarm.RoutingMesh;

/// <summary>What talks to the kernel of one node's namespace; belongs to the network thread.</summary>
internal sealed record KernelSide(
    NetlinkSocket Route, NetlinkSocket Netfilter, INftRunner Nft, MeshProgrammer Programmer,
    NodeDevices Devices, OverlayPeers Peers) : IDisposable
{
    public static KernelSide Open(NodeNetworkOptions options, NodeRules rules)
    {
        var route = new NetlinkSocket(NetlinkSocket.RouteProtocol);
        var netfilter = new NetlinkSocket(NetlinkSocket.NetfilterProtocol);
        var (links, routes) = (new Links(route), new Routes(route));
        INftRunner? nft = LibNftables.TryOpen();
        if (nft is null)
        {
            options.Log("libnftables.so.1 is not installed: the slower nft command is used for every update");
            nft = new NftCommand();
        }

        return new KernelSide(
            route, netfilter, nft,
            new MeshProgrammer(rules, nft, netfilter, routes, options.Log),
            new NodeDevices(options, links, routes),
            new OverlayPeers(options, links, routes));
    }

    public void Dispose()
    {
        Nft.Dispose();
        Netfilter.Dispose();
        Route.Dispose();
    }
}
