using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>Where the other nodes and their subnets are, as the difference to what a session was sent.</summary>
internal static class PeerDiff
{
    /// <summary>Null when there is nothing to say and completeness was not asked for.</summary>
    internal static PeerUpdate? Next(ClusterState state, NodeSession session, bool complete)
    {
        var update = new PeerUpdate { Complete = complete };
        if (complete)
        {
            session.PeersSent.Clear();
        }

        foreach (var node in state.Nodes.Select(n => n.Value).Where(n => n.Id != session.Node && n.Address.Length > 0)
            .OrderBy(n => n.Id))
        {
            var peer = new Peer { NodeId = node.Id.Value, Address = node.Address, Subnet = Subnets.Of(state, node.Id) };
            if (!session.PeersSent.TryGetValue(node.Id, out var sent) || !sent.Equals(peer))
            {
                session.PeersSent[node.Id] = peer;
                update.Peers.Add(peer);
            }
        }

        foreach (var gone in session.PeersSent.Keys.Where(id => state.Nodes.Get(id) is null).Order().ToList())
        {
            session.PeersSent.Remove(gone);
            update.RemovedNodeIds.Add(gone.Value);
        }

        return complete || update.Peers.Count + update.RemovedNodeIds.Count > 0 ? update : null;
    }
}
