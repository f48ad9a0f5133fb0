using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>
/// What a caller may do: what its certificate says and the state allows. A certificate stays valid in time after its
/// node was demoted or removed, so it is never enough (attacks.md PKI-5).
/// </summary>
internal static class PeerRoles
{
    /// <summary>For calls. Null: refused, the node is no member.</summary>
    internal static PeerIdentity? Of(PeerIdentity peer, ClusterState state)
    {
        if (peer.Role is not (CallerRole.Worker or CallerRole.Manager))
        {
            return peer;
        }

        if (state.Cluster is null)
        {
            // A manager that has nothing yet cannot tell who is one.
            return peer with { Role = CallerRole.Worker };
        }

        return state.Nodes.Get(new NodeId(peer.NodeId)) is not { } node ? null
            : node.Role == NodeRole.Manager ? peer
            : peer with { Role = CallerRole.Worker };
    }

    /// <summary>
    /// For Raft's messages. They bring the very news of who is a manager, so a manager that may be behind cannot ask
    /// its state alone: the members that its log has count as well, and as long as it has no leader that it knows, it
    /// believes the certificate. What was removed from Raft is refused by Raft itself in any case.
    /// </summary>
    internal static bool MayTalkRaft(PeerIdentity peer, ClusterState state, IRaftView raft) =>
        peer.Role == CallerRole.Manager
        && (state.Cluster is null
            || raft.OutOfTouch
            || raft.HasMember(new NodeId(peer.NodeId))
            || state.Nodes.Get(new NodeId(peer.NodeId)) is { Role: NodeRole.Manager });

    /// <summary>For handshakes, in either direction: this node was removed.</summary>
    internal static bool IsRevoked(NodeId node, ClusterState state, IRaftView raft) =>
        state.Cluster is not null && state.Nodes.Get(node) is null && !raft.OutOfTouch && !raft.HasMember(node);
}

/// <summary>What this manager's own Raft says; a seam for tests.</summary>
internal interface IRaftView
{
    /// <summary>No leader that this manager knows for longer than an election takes.</summary>
    bool OutOfTouch { get; }

    /// <summary>A member of the configuration in force runs on that node.</summary>
    bool HasMember(NodeId node);
}
