using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>What nodes are told of managers and of their own role.</summary>
internal static class Announcements
{
    /// <summary>To each node whose role has changed.</summary>
    internal static IEnumerable<(NodeId Node, SessionResponse Message)> Roles(Changes changes) => changes.Nodes
        .Where(n => n.After is not null && n.Before?.Role != n.After.Role)
        .Select(n => (n.After!.Id, new SessionResponse { Role = new RoleUpdate { Role = n.After.Role } }));

    /// <summary>Nodes must know where managers are before those that they knew are gone.</summary>
    internal static SessionResponse Managers(IReadOnlyList<string> addresses)
    {
        var list = new ManagerList();
        list.Addresses.Add(addresses);
        return new SessionResponse { Managers = list };
    }

    /// <summary>Between two heartbeats from now on.</summary>
    internal static SessionResponse Period(TimeSpan heartbeat) => new()
    {
        Heartbeat = new HeartbeatAnswer { HeartbeatPeriodNs = SpecDefaults.ToNs(heartbeat) },
    };
}
