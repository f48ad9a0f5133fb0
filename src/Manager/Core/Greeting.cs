using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>What is said and noted when a node opens a session.</summary>
internal static class Greeting
{
    /// <summary>What the state has to learn from a hello; nothing when it knows it all.</summary>
    internal static IEnumerable<StoreAction> Differences(ClusterState state, NodeId node, Hello hello)
    {
        if (state.Nodes.Get(node) is not { } record)
        {
            yield break;
        }

        if (!Equals(record.Description, hello.Description))
        {
            yield return new StoreAction.SetNodeDescription(node, hello.Description);
        }

        if (record.State != NodeStatus.Types.State.Ready || record.Address != hello.NodeAddress)
        {
            yield return new StoreAction.SetNodeStatus(
                node, NodeStatus.Types.State.Ready, "", hello.NodeAddress);
        }
    }

    /// <summary>The node of an open session is ready, whatever the state says.</summary>
    internal static IEnumerable<StoreAction> Ready(ClusterState state, NodeSession? session)
    {
        if (session is not null
            && state.Nodes.Get(session.Node) is { State: not NodeStatus.Types.State.Ready })
        {
            yield return new StoreAction.SetNodeStatus(
                session.Node, NodeStatus.Types.State.Ready, "", session.Address);
        }
    }

    /// <summary>A node that was silent for too long is down.</summary>
    internal static IEnumerable<StoreAction> Overdue(ClusterState state, NodeId node)
    {
        if (state.Nodes.Get(node) is { State: not NodeStatus.Types.State.Down } record)
        {
            yield return new StoreAction.SetNodeStatus(
                node, NodeStatus.Types.State.Down, "heartbeat failure", record.Address);
        }
    }

    /// <summary>What a node needs before anything else: its subnet, its heartbeat, the managers.</summary>
    internal static SessionResponse Welcome(
        ClusterState state, NodeId node, IReadOnlyList<string> managers, TimeSpan heartbeatPeriod)
    {
        var list = new ManagerList();
        list.Addresses.Add(managers);
        return new SessionResponse
        {
            Welcome = new Welcome
            {
                NodeId = node.Value,
                HeartbeatPeriodNs = SpecDefaults.ToNs(heartbeatPeriod),
                NodeSubnet = Subnets.Of(state, node),
                AddressPool = Subnets.Pool(state),
                Epoch = state.Cluster?.Epoch ?? 0,
                Managers = list,
                Role = state.Nodes.Get(node)?.Role ?? NodeRole.Unspecified,
            },
        };
    }
}
