using System.Collections.Immutable;

namespace Swarm.RoutingMesh.Core;

/// <summary>
/// Which tracked UDP flows must be forgotten after an update. TCP connections of a backend that left go on
/// until they end (that is the drain), but a UDP flow never ends by itself while the client keeps sending:
/// it would stay with a dead backend, or with no backend if it is older than the published port.
/// </summary>
internal sealed class FlowCleanup
{
    private readonly ImmutableHashSet<ushort>? _ports;
    private readonly RoutingTable _next;
    private readonly NodeRules _node;

    private FlowCleanup(ImmutableHashSet<ushort>? ports, RoutingTable next, NodeRules node)
    {
        _ports = ports;
        _next = next;
        _node = node;
    }

    /// <summary>True when no flow can be stale, so that the connection table need not be read.</summary>
    public bool IsNothing => _ports is { IsEmpty: true };

    /// <summary>After an update: only UDP ports that lost a backend or began to answer matter.</summary>
    public static FlowCleanup Between(RoutingTable previous, RoutingTable next, NodeRules node) =>
        new([.. previous.Ports.Keys.Union(next.Ports.Keys)
            .Where(port => port.Protocol == MeshProtocol.Udp && Concerns(previous, next, port))
            .Select(port => port.Port)], next, node);

    /// <summary>After a start or a repair, when it is not known what the kernel held before.</summary>
    public static FlowCleanup Everything(RoutingTable next, NodeRules node) => new(null, next, node);

    /// <summary>True when the flow has to go. <paramref name="isLocal"/> tells the node's own addresses.</summary>
    public bool IsStale(Flow flow, Func<uint, bool> isLocal)
    {
        if (flow.Protocol != Flow.UdpProtocol || _ports?.Contains(flow.OriginalPort) == false)
            return false;
        var port = new PortKey(MeshProtocol.Udp, flow.OriginalPort);
        if (!flow.IsTranslated)
            return isLocal(flow.OriginalDestination) && _next.Ports.ContainsKey(port);
        var answerer = Ipv4.FromNumber(flow.Answerer);
        return _node.Pool.Contains(answerer)
            && isLocal(flow.OriginalDestination)
            && !_next.IsBackend(port, new MeshBackend(answerer, flow.AnswererPort));
    }

    private static bool Concerns(RoutingTable previous, RoutingTable next, PortKey port)
    {
        var before = previous.Ports.GetValueOrDefault(port, []);
        var after = next.Ports.GetValueOrDefault(port, []);
        return (before.IsEmpty && !after.IsEmpty) || before.Except(after).Any();
    }
}
