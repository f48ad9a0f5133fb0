using System.Threading.Channels;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;

namespace Swarm.Manager.Tests.Control;

/// <summary>A node that is connected, says that every task runs, and does nothing.</summary>
internal sealed class FakeNode : IAsyncDisposable
{
    private static readonly Google.Protobuf.Reflection.ServiceDescriptor Service =
        DispatcherReflection.Descriptor.Services[0];

    private readonly RpcChannel _channel;
    private readonly DuplexCall<SessionRequest, SessionResponse> _session;
    private readonly Channel<TaskSessionOrder> _orders = Channel.CreateUnbounded<TaskSessionOrder>();
    private readonly Task _reading;
    private ulong _sequence;

    private FakeNode(OneManager one, NodeId id)
    {
        var identity = one.Issue(id, CertificateRole.Worker);
        _channel = RpcChannel.ForTcp(
            "127.0.0.1", one.Port, () => TlsSettings.Client(identity, PeerExpectation.AnyManager, PeerChecks.None));
        _session = _channel.Duplex(RpcMethod<SessionRequest, SessionResponse>.Of(Service, "Session"));
        _reading = ReadAsync();
    }

    internal static async Task<FakeNode> ConnectAsync(OneManager one, NodeId id, string hostname)
    {
        var node = new FakeNode(one, id);
        await node._session.WriteAsync(new SessionRequest
        {
            Hello = new Hello
            {
                NodeAddress = "127.0.0.1",
                Description = new NodeDescription
                {
                    Hostname = hostname,
                    Platform = new Platform { Os = "linux", Architecture = "x86_64" },
                    Resources = new Resources { NanoCpus = 4_000_000_000, MemoryBytes = 4L << 30 },
                },
            },
        });
        return node;
    }

    internal async Task<TaskSessionOrder> OrderAsync() =>
        await _orders.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>A call for a conversation; whether it is this node's is for the manager to say.</summary>
    internal async Task<DuplexCall<TaskSessionResponse, TaskSessionRequest>> JoinAsync(string session)
    {
        var call = _channel.Duplex(
            RpcMethod<TaskSessionResponse, TaskSessionRequest>.Of(Service, "ServeTaskSession"));
        await call.WriteAsync(new TaskSessionResponse { Join = session });
        return call;
    }

    public async ValueTask DisposeAsync()
    {
        await _session.DisposeAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _channel.DisposeAsync();
    }

    private async Task ReadAsync()
    {
        await foreach (var message in _session.ReadAllAsync())
        {
            if (message.TaskSession is { } order)
            {
                await _orders.Writer.WriteAsync(order);
            }

            if (message.Assignments is not { Tasks.Count: > 0 } assigned)
            {
                continue;
            }

            var batch = new StatusBatch { Sequence = ++_sequence };
            batch.Reports.Add(assigned.Tasks.Where(t => t.DesiredState == (int)TaskState.Running).Select(
                t => new TaskReport
                {
                    TaskId = t.Id,
                    Status = new Protocol.V1.TaskStatus { State = (int)TaskState.Running, AtNs = 1 },
                }));
            await _session.WriteAsync(new SessionRequest { Status = batch });
        }
    }
}
