using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>
/// When each node was heard last, and which are overdue. A lost stream alone does not make a node down: a daemon
/// that restarts comes back within the grace period and its containers never stopped.
/// </summary>
internal sealed class NodeWatch
{
    /// <summary>Heartbeats that all nodes together may send in a second.</summary>
    private const int MaxHeartbeatsPerSecond = 2000;

    /// <summary>
    /// Graces that a new leader gives everybody. A leader that vanishes without a word is missed by its nodes after
    /// four periods, and the next manager that they try may be gone as well (5 s to find out): nine periods.
    /// </summary>
    private const int GracesOfNewLeader = 3;

    private readonly Dictionary<NodeId, DateTimeOffset> _deadlines = [];
    private TimeSpan _grace;

    /// <summary>No deadline is before this: until then nobody has to look at them all.</summary>
    private DateTimeOffset _earliest = DateTimeOffset.MaxValue;

    internal NodeWatch(ClusterState state, DateTimeOffset now)
    {
        _grace = PeriodFor(state) * SpecDefaults.HeartbeatsMissed;
        foreach (var node in state.Nodes.Select(n => n.Value).Where(n => n.State != NodeStatus.Types.State.Down))
        {
            _deadlines[node.Id] = Noted(now + (_grace * GracesOfNewLeader));
        }
    }

    /// <summary>1 s, or more when there are so many nodes that heartbeats would load the leader.</summary>
    internal static TimeSpan PeriodFor(ClusterState state)
    {
        var wanted = state.Cluster?.Spec is { HasHeartbeatPeriodNs: true } spec
            ? SpecDefaults.FromNs(spec.HeartbeatPeriodNs)
            : SpecDefaults.HeartbeatPeriod;
        var least = TimeSpan.FromSeconds((double)state.Nodes.Count / MaxHeartbeatsPerSecond);
        return wanted > least ? wanted : least;
    }

    internal void Seen(NodeId node, DateTimeOffset now) => _deadlines[node] = Noted(now + _grace);

    /// <summary>The stream broke; the deadline from the last heartbeat stands.</summary>
    internal void Lost(NodeId node, DateTimeOffset now) => _deadlines.TryAdd(node, Noted(now + _grace));

    internal void Forget(NodeId node) => _deadlines.Remove(node);

    /// <summary>Nodes whose deadline has passed, each once.</summary>
    internal IReadOnlyList<NodeId> Overdue(ClusterState state, DateTimeOffset now)
    {
        _grace = PeriodFor(state) * SpecDefaults.HeartbeatsMissed;
        if (now < _earliest)
        {
            return [];
        }

        var late = new List<NodeId>();
        _earliest = DateTimeOffset.MaxValue;
        foreach (var (node, deadline) in _deadlines)
        {
            if (deadline <= now)
            {
                late.Add(node);
            }
            else
            {
                Noted(deadline);
            }
        }

        late.Sort();
        late.ForEach(node => _deadlines.Remove(node));
        return late;
    }

    private DateTimeOffset Noted(DateTimeOffset deadline)
    {
        _earliest = deadline < _earliest ? deadline : _earliest;
        return deadline;
    }
}
