using System.Buffers.Binary;
using System.Text;
using Swarm.RoutingMesh.Core;

namespace Swarm.RoutingMesh.Netlink;

/// <summary>
/// The kernel's news about nftables: which transaction (by its generation number) touched our table.
/// The number tells our own transactions from other programs'.
/// </summary>
internal sealed class RuleEvents : IDisposable
{
    private const ushort Subsystem = 10 << 8;
    private const ushort NewGeneration = Subsystem | 15;
    private const ushort GetGeneration = Subsystem | 16;
    private const ushort TableAttribute = 1;
    private const ushort GenerationAttribute = 1;
    private const uint RuleGroup = 1 << (7 - 1);
    private const int EventBufferBytes = 4 * 1024 * 1024;

    private static readonly byte[] TableName = Encoding.ASCII.GetBytes(RulesText.Table + "\0");
    private readonly NetlinkSocket _events = new(NetlinkSocket.NetfilterProtocol, RuleGroup);
    private bool _touched;

    public RuleEvents(TimeSpan timeout)
    {
        _events.ReceiveTimeout(timeout);
        _events.ReceiveBuffer(EventBufferBytes);
    }

    /// <summary>
    /// Waits for news, at most the time given. Returns the generations of finished transactions that touched
    /// our table; <paramref name="lost"/> says that some news did not fit the buffer.
    /// </summary>
    public List<uint> Wait(out bool lost)
    {
        var touching = new List<uint>();
        _events.TryReceive(
            (type, payload) =>
            {
                if (payload.Length < Headers.NetfilterBytes)
                    return;
                var attributes = payload[Headers.NetfilterBytes..];
                if (type != NewGeneration)
                {
                    _touched |= Attributes.Find(attributes, TableAttribute).SequenceEqual(TableName);
                    return;
                }

                var generation = Attributes.Find(attributes, GenerationAttribute);
                if (_touched)
                    touching.Add(BinaryPrimitives.ReadUInt32BigEndian(generation));
                _touched = false;
            },
            out lost);
        return touching;
    }

    /// <summary>The number of the last nftables transaction in the namespace of the socket.</summary>
    public static uint Generation(NetlinkSocket socket)
    {
        var generation = 0u;
        var message = new NetlinkMessage(GetGeneration, NetlinkMessage.Request)
            .Header(new Headers.Netfilter(0, 0, 0));
        socket.Ask("read the nftables generation", message, (_, payload) =>
        {
            var value = Attributes.Find(payload[Headers.NetfilterBytes..], GenerationAttribute);
            generation = BinaryPrimitives.ReadUInt32BigEndian(value);
        });
        return generation;
    }

    public void Dispose() => _events.Dispose();
}
