using System.Collections.Immutable;
using System.Net;

namespace Swarm.RoutingMesh.Core;

/// <summary>What has to be removed from and added to an overlay to go from one list of peers to the next.</summary>
internal sealed record PeerChange(ImmutableArray<PeerNode> Gone, ImmutableArray<PeerNode> Added)
{
    /// <summary>Most peers of one node.</summary>
    public const int MaxPeers = 10_000;

    /// <summary>
    /// A peer that changed its address is in <see cref="Added"/> only: the new entry replaces the old one,
    /// because a peer is known in the kernel by its subnet.
    /// </summary>
    public static PeerChange Between(IEnumerable<PeerNode> previous, IEnumerable<PeerNode> next)
    {
        var before = previous.ToDictionary(peer => peer.Subnet);
        var after = next.ToDictionary(peer => peer.Subnet);
        return new PeerChange(
            [.. before.Values.Where(peer => !after.ContainsKey(peer.Subnet)).OrderBy(Key)],
            [.. after.Values.Where(peer => !before.TryGetValue(peer.Subnet, out var old)
                || !old.NodeAddress.Equals(peer.NodeAddress)).OrderBy(Key)]);
    }

    /// <summary>Null when the list can be used beside the node's own subnet, otherwise the first fault found.</summary>
    public static string? Problem(NodeRules node, IReadOnlyList<PeerNode> peers)
    {
        if (peers.Count > MaxPeers)
            return $"{peers.Count} peers, at most {MaxPeers} are possible";
        var previous = (PeerNode?)null;
        foreach (var peer in peers.OrderBy(Key).ThenBy(peer => peer.Subnet.PrefixLength))
        {
            if (Fault(node, peer) is { } fault)
                return $"peer {peer.NodeId}: {fault}";
            if (previous is not null && Ipv4.Overlap(previous.Subnet, peer.Subnet))
                return $"peer {peer.NodeId}: subnet {peer.Subnet} overlaps that of {previous.NodeId}";
            previous = peer;
        }

        return null;
    }

    private static string? Fault(NodeRules node, PeerNode peer) =>
        !Ipv4.Is(peer.NodeAddress) ? $"node address {peer.NodeAddress} is not IPv4"
        : NodeSubnet.Problem(peer.Subnet) is { } problem ? problem
        : !node.Pool.Contains(peer.Subnet.BaseAddress) ? $"subnet {peer.Subnet} is outside the pool {node.Pool}"
        : Ipv4.Overlap(node.Subnet, peer.Subnet) ? $"subnet {peer.Subnet} overlaps this node's {node.Subnet}"
        : null;

    private static uint Key(PeerNode peer) => Ipv4.ToNumber(peer.Subnet.BaseAddress);
}
