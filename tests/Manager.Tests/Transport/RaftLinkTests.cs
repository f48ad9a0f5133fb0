using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Rpc.Tests;

namespace Swarm.Manager.Tests.Transport;

/// <summary>One manager's way to another, over TLS on loopback.</summary>
public sealed class RaftLinkTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly TestPki _pki = new();
    private readonly ConcurrentQueue<RaftMessage> _heard = [];
    private int _connections;

    public void Dispose() => _pki.Dispose();

    [Fact]
    public async Task Messages_arrive_in_order()
    {
        await using var peer = await PeerAsync(0);
        using var link = LinkTo(peer);
        Until(() =>
        {
            link.Send(Message(0));
            return !_heard.IsEmpty;
        });
        for (var round = 1UL; round <= 500; round++)
            link.Send(Message(round));
        Until(() => _heard.Last() is HeartbeatRequest { Round: 500 });
        var rounds = _heard.Cast<HeartbeatRequest>().Select(m => m.Round).Where(r => r > 0).ToList();
        Assert.Equal(rounds.Order(), rounds);
    }

    /// <summary>The first thing to be said to a peer that came back may be a question for a vote.</summary>
    [Fact]
    public async Task A_peer_that_comes_back_is_found_before_anything_is_to_be_said()
    {
        var first = await PeerAsync(0);
        var port = first.TcpEndpoints[0].Port;
        using var link = LinkTo(first);
        Until(() => Volatile.Read(ref _connections) == 1);
        await first.DisposeAsync();
        await using var second = await PeerAsync(port);
        Until(() => Volatile.Read(ref _connections) == 2);
        link.Send(Message(7));
        Until(() => _heard.Any(m => m is HeartbeatRequest { Round: 7 }));
    }

    /// <summary>Long ones go through the queue, short ones are written by the sender while there is room.</summary>
    [Theory]
    [InlineData(RaftLimits.MaxEntryBytes, 2_000)]
    [InlineData(8_000, 20_000)]
    public async Task A_peer_that_does_not_read_holds_nobody_up(int bytes, int messages)
    {
        var never = new TaskCompletionSource();
        await using var peer = await PeerAsync(0, (_, ct) => never.Task.WaitAsync(ct));
        var link = LinkTo(peer);
        Until(() => Volatile.Read(ref _connections) == 1);
        var message = new AppendRequest(
            Envelope(), 0, 0, 0, [new RaftEntry(1, 1, EntryType.Normal, new byte[bytes])]);
        var clock = Stopwatch.StartNew();
        for (var n = 0; n < messages; n++)
            link.Send(message);
        await Task.Run(link.Dispose).WaitAsync(Limit);
        Assert.True(clock.Elapsed < Limit);
    }

    /// <summary>The sender's own writes and those of the link's thread take turns.</summary>
    [Fact]
    public async Task Short_and_long_messages_arrive_in_the_order_in_which_they_were_sent()
    {
        await using var peer = await PeerAsync(0);
        using var link = LinkTo(peer);
        Until(() => Volatile.Read(ref _connections) == 1);
        for (var index = 1UL; index <= 300; index++)
        {
            var bytes = index % 3 == 0 ? 100_000 : 100;
            link.Send(new AppendRequest(
                Envelope(), index, 1, 0, [new RaftEntry(index + 1, 1, EntryType.Normal, new byte[bytes])]));
        }

        Until(() => _heard.Count == 300);
        Assert.Equal(
            Enumerable.Range(1, 300).Select(i => (ulong)i), _heard.Cast<AppendRequest>().Select(m => m.PrevIndex));
    }

    private Task<RpcServer> PeerAsync(int port, Func<RawConnection, CancellationToken, Task>? serve = null)
    {
        var intake = new RaftIntake(all => all.ToList().ForEach(_heard.Enqueue)).Protocol with
        {
            Identify = TestPki.Identify,
        };
        return RpcServer.StartAsync(
            new RpcServerOptions
            {
                Tcp = [new RpcTcpEndpoint(new(IPAddress.Loopback, port), _pki.ServerTls(_pki.Issue("b", "manager")))],
                Identify = TestPki.Identify,
                Raw = [new RawProtocol(RaftFrame.Protocol, CallerRole.Manager, (connection, ct) =>
                {
                    Interlocked.Increment(ref _connections);
                    return (serve ?? intake.ServeAsync)(connection, ct);
                })],
            },
            [], default);
    }

    private RaftLink LinkTo(RpcServer peer) => new(
        new HostPort("127.0.0.1", peer.TcpEndpoints[0].Port), _pki.ClientTls(_pki.Issue("a", "manager")),
        new ManagerLog(NullLogger.Instance));

    private static Envelope Envelope() => new("cluster1", new RaftId(1), new RaftId(2), 1, "");

    private static HeartbeatRequest Message(ulong round) => new(Envelope(), 0, round);

    private static void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Limit));
}
