using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Manager;
using Swarm.Raft;
using Swarm.Raft.Storage;
using Swarm.Rpc;

namespace Swarm.Bench.RaftLog;

/// <summary>
/// One manager without its API: its log on disk, encrypted, the connections that managers have among themselves, and
/// a store or a state that costs nothing.
/// </summary>
internal sealed class Member : IAsyncDisposable
{
    private readonly RaftTransport _transport;
    private readonly RpcServer _server;

    private Member(RaftNode node, RaftTransport transport, RpcServer server) =>
        (Node, _transport, _server) = (node, transport, server);

    public RaftNode Node { get; }

    public static RaftMember Describe(ulong id, int port) =>
        new(new RaftId(id), $"127.0.0.1:{port}", Learner: true, $"n{id}");

    public static async Task<Member> StartAsync(
        string directory, ulong id, int port, IStateMachine? state = null, bool first = false)
    {
        var pki = new Pki(directory);
        var self = Describe(id, port);
        var options = new RaftNodeOptions
        {
            Directory = Path.Combine(directory, $"m{id}"),
            ClusterId = "raft-bench",
            Id = self.Id,
            Address = self.Address,
            Keys = [new DataKey(Guid.NewGuid(), RandomNumberGenerator.GetBytes(DataKey.KeyBytes))],
        };
        if (first)
            RaftNode.Bootstrap(options, self);
        var transport = new RaftTransport(pki.Client, new ManagerLog(NullLogger.Instance));
        var node = RaftNode.Start(options, transport, state ?? new Counter());
        var server = await RpcServer.StartAsync(
            new RpcServerOptions
            {
                Tcp = [new RpcTcpEndpoint(new IPEndPoint(IPAddress.Loopback, port), pki.Server)],
                Identify = Pki.Identify,
                Raw = [new RaftIntake(node.Act).Protocol with { Identify = Pki.Identify }],
            },
            [], default).ConfigureAwait(false);
        return new Member(node, transport, server);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync().ConfigureAwait(false);
        await Node.DisposeAsync().ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>A state that costs nothing.</summary>
    private sealed class Counter : IStateMachine
    {
        private static readonly object Applied = new();
        private ulong _index;

        public object? Apply(ulong index, ulong term, ReadOnlyMemory<byte> data)
        {
            _index = index;
            return Applied;
        }

        public IStatePicture Capture() => new Picture(_index);

        public Action PrepareRestore(ulong index, ulong term, Stream snapshot) => () => _index = index;

        private sealed class Picture(ulong index) : IStatePicture
        {
            public ulong Index => index;

            public void WriteTo(Stream target) => target.Write(BitConverter.GetBytes(index));

            public UInt128 Hash() => index;
        }
    }
}
