using System.Net;
using Swarm.RoutingMesh.Core;
using static Swarm.RoutingMesh.Tests.Core.Tables;

namespace Swarm.RoutingMesh.Tests.Core;

public sealed class PeerChangeTests
{
    [Fact]
    public void A_moved_node_is_replaced_and_not_removed_first()
    {
        var change = PeerChange.Between(
            [Peer("a", 2, 12), Peer("b", 3, 13), Peer("c", 4, 14)],
            [Peer("b", 3, 23), Peer("c", 4, 14), Peer("d", 5, 15)]);

        Assert.Equal(["a"], change.Gone.Select(peer => peer.NodeId));
        Assert.Equal(["b", "d"], change.Added.Select(peer => peer.NodeId));
    }

    [Theory]
    [InlineData("10.88.2.0/24", null)]
    [InlineData("10.88.1.0/24", "peer x: subnet 10.88.1.0/24 overlaps this node's 10.88.1.0/24")]
    [InlineData("10.88.0.0/16", "peer x: subnet 10.88.0.0/16 overlaps this node's 10.88.1.0/24")]
    [InlineData("10.89.2.0/24", "peer x: subnet 10.89.2.0/24 is outside the pool 10.88.0.0/16")]
    [InlineData("10.88.3.0/26", "peer y: subnet 10.88.3.0/24 overlaps that of x")]
    [InlineData("10.88.2.0/30", "peer x: subnet 10.88.2.0/30 must have a prefix of 16 to 28 bits")]
    public void Subnets_of_nodes_never_overlap(string subnet, string? problem)
    {
        PeerNode[] peers = [new("x", IPAddress.Parse("10.99.0.12"), IPNetwork.Parse(subnet)), Peer("y", 3, 13)];

        Assert.Equal(problem, PeerChange.Problem(Node, peers)?.Replace(
            "peer x: subnet 10.88.3.0/26 overlaps that of y", "peer y: subnet 10.88.3.0/24 overlaps that of x",
            StringComparison.Ordinal));
    }

    private static PeerNode Peer(string id, int subnet, int host) =>
        new(id, IPAddress.Parse($"10.99.0.{host}"), IPNetwork.Parse($"10.88.{subnet}.0/24"));
}
