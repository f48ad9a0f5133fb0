using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>The record of a node that has just got its certificate; it is Unknown until it opens a session.</summary>
internal static class NewNodes
{
    internal static StoreAction Create(NodeId id, NodeRole role, NodeSpec spec) =>
        new StoreAction.CreateNode(new NodeRecord { Id = id, CreatedAt = default, Spec = spec, Role = role });
}
