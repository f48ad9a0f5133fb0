using System.Runtime.InteropServices;
using Swarm.RoutingMesh.Core;

namespace Swarm.RoutingMesh.Netlink;

/// <summary>The kernel's table of tracked connections: finds flows and makes the kernel forget them.</summary>
internal sealed class Conntrack(NetlinkSocket socket)
{
    private const ushort Subsystem = 1 << 8;
    private const ushort Get = Subsystem | 1;
    private const ushort Delete = Subsystem | 2;
    private const ushort OriginalTuple = 1;
    private const ushort ReplyTuple = 2;
    private const ushort IdAttribute = 12;
    private const ushort ZoneAttribute = 18;
    private const ushort TupleIp = 1;
    private const ushort TupleProtocol = 2;
    private const ushort Source = 1;
    private const ushort Destination = 2;
    private const ushort ProtocolNumber = 1;
    private const ushort SourcePort = 2;
    private const ushort DestinationPort = 3;

    /// <summary>Deletes every IPv4 flow that <paramref name="isStale"/> names; returns how many there were.</summary>
    public int Forget(Func<Flow, bool> isStale)
    {
        var stale = new List<NetlinkMessage>();
        var dump = new NetlinkMessage(Get, NetlinkMessage.Request | NetlinkMessage.Dump)
            .Header(new Headers.Netfilter(Headers.Inet, 0, 0));
        socket.Ask("list tracked connections", dump, (_, payload) =>
        {
            var attributes = payload[Headers.NetfilterBytes..];
            if (Parse(attributes) is { } flow && isStale(flow))
                stale.Add(Deletion(attributes));
        });
        foreach (var message in stale)
        {
            var errno = socket.TryAsk(message);
            if (errno is not (0 or Native.NoEntry))
                throw Native.Failure("forget a tracked connection", errno);
        }

        return stale.Count;
    }

    private static NetlinkMessage Deletion(ReadOnlySpan<byte> attributes)
    {
        var message = new NetlinkMessage(Delete, NetlinkMessage.Request | NetlinkMessage.Acknowledge)
            .Header(new Headers.Netfilter(Headers.Inet, 0, 0));
        var walk = new Attributes(attributes);
        while (walk.Next())
        {
            if (walk.Type is OriginalTuple or IdAttribute or ZoneAttribute)
            {
                var nested = walk.Type == OriginalTuple ? NetlinkMessage.NestedBit : (ushort)0;
                message.Bytes((ushort)(walk.Type | nested), walk.Value);
            }
        }

        return message;
    }

    private static Flow? Parse(ReadOnlySpan<byte> attributes)
    {
        var (original, reply) = (default(Tuple), default(Tuple));
        var walk = new Attributes(attributes);
        while (walk.Next())
        {
            if (walk.Type == OriginalTuple)
                original = ParseTuple(walk.Value);
            else if (walk.Type == ReplyTuple)
                reply = ParseTuple(walk.Value);
        }

        return original.Protocol == 0
            ? null
            : new Flow(original.Protocol, original.To, original.ToPort, reply.From, reply.FromPort);
    }

    private static Tuple ParseTuple(ReadOnlySpan<byte> tuple)
    {
        var parsed = default(Tuple);
        var ip = new Attributes(Attributes.Find(tuple, TupleIp));
        while (ip.Next())
        {
            if (ip.Type == Source)
                parsed = parsed with { From = ip.NetworkNumber };
            else if (ip.Type == Destination)
                parsed = parsed with { To = ip.NetworkNumber };
        }

        var protocol = new Attributes(Attributes.Find(tuple, TupleProtocol));
        while (protocol.Next())
        {
            if (protocol.Type == ProtocolNumber)
                parsed = parsed with { Protocol = protocol.Value[0] };
            else if (protocol.Type == SourcePort)
                parsed = parsed with { FromPort = protocol.NetworkPort };
            else if (protocol.Type == DestinationPort)
                parsed = parsed with { ToPort = protocol.NetworkPort };
        }

        return parsed;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Tuple(byte Protocol, uint From, uint To, ushort FromPort, ushort ToPort);
}
