using System.Net.Security;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;
using Swarm.Worker;

namespace Swarm.Bench.Fleet;

/// <summary>A member of a real swarm, with a real session over mTLS, whose runtime does nothing.</summary>
internal sealed class IdleWorker : IAsyncDisposable
{
    private static readonly ServiceDescriptor NodeCa =
        ClusterReflection.Descriptor.Services.Single(s => s.Name == "NodeCa");

    private readonly string _file = Path.GetTempFileName();
    private readonly Agent _agent;

    private IdleWorker(int number, NodeIdentity identity, HostPort manager)
    {
        var managers = new ManagerDirectory(_file);
        managers.Replace([manager.ToString()]);
        _agent = new Agent(new AgentOptions
        {
            Managers = managers,
            Tls = () => TlsSettings.Client(identity, PeerExpectation.AnyManager, PeerChecks.None),
            Runtime = new NothingRuntime(),
            DataPlane = new NothingNetwork(),
            Logs = new NothingLogs(),
            Description = new NodeDescription
            {
                Hostname = $"idle{number}",
                Platform = new Platform { Os = "linux", Architecture = "amd64" },
                Resources = new Resources { NanoCpus = 64_000_000_000, MemoryBytes = 1L << 40 },
            },
            // Nobody lives there: managers send their overlay packets to nowhere.
            NodeAddress = $"10.98.{number / 250}.{(number % 250) + 1}",
            ManagerAddress = static () => "",
            Logger = NullLogger.Instance,
        });
        _agent.Start();
    }

    internal bool IsConnected => _agent.IsConnected;

    internal static async Task<IdleWorker> JoinAsync(int number, HostPort manager, string tokenText)
    {
        if (!JoinToken.TryParse(tokenText, out var token, out var error))
        {
            throw new InvalidOperationException(error);
        }

        string? root;
        await using (var first = RpcChannel.ForTcp(manager.Host, manager.Port, TlsSettings.ClientForRootFetch))
        {
            var answer = await first.UnaryAsync(
                RpcMethod<GetRootCertificateRequest, GetRootCertificateResponse>.Of(NodeCa, "GetRootCertificate"),
                new GetRootCertificateRequest());
            if (!JoinFlow.TryPinRoot(token, answer.RootCertificatePem, out root, out error))
            {
                throw new InvalidOperationException(error);
            }
        }

        using var key = NodeKey.Create();
        await using var channel = RpcChannel.ForTcp(
            manager.Host, manager.Port, () => TlsSettings.ClientPinned(root, PeerChecks.None));
        var request = new IssueCertificateRequest
        {
            Token = tokenText, CsrDer = ByteString.CopyFrom(key.CreateSigningRequest()),
        };
        new RequestIds().TryMark(request);
        var issued = await channel.UnaryAsync(
            RpcMethod<IssueCertificateRequest, IssueCertificateResponse>.Of(NodeCa, "IssueCertificate"), request);
        return NodeIdentity.TryCreate(
            key, issued.CertificatePem, root, DateTimeOffset.UtcNow, out var identity, out error)
            ? new IdleWorker(number, identity, manager)
            : throw new InvalidOperationException(error);
    }

    public async ValueTask DisposeAsync()
    {
        await _agent.DisposeAsync();
        File.Delete(_file);
    }
}
