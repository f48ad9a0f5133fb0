using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Manager.Control;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Rpc.Tests;
using Swarm.Security;
using Swarm.Store;

namespace Swarm.Manager.Tests;

/// <summary>A real manager of a swarm of one, with its log in a directory of its own and its control service on a
/// socket.</summary>
internal sealed class OneManager : IAsyncDisposable
{
    private static readonly ServiceDescriptor Control = ControlReflection.Descriptor.Services[0];

    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-manager-").FullName;
    private readonly ClusterRecord _cluster;
    private readonly NodeIdentity _identity;
    private readonly RequestIds _ids = new();
    private RpcServer? _server;
    private RpcChannel? _channel;

    private OneManager()
    {
        var now = DateTimeOffset.UtcNow;
        using var root = RootCa.Create(
            RootCa.CommonNamePrefix + NewId(), now, RandomNumberGenerator.GetBytes(CertificateLimits.MaxSerialBytes));
        _cluster = new ClusterRecord
        {
            Id = new ClusterId(NewId()),
            CreatedAt = now,
            Spec = new ClusterSpec(),
            RootCertificatePem = root.CertificatePem,
            RootKeyPem = root.ExportKeyPem(),
            WorkerTokenSecret = [.. RandomNumberGenerator.GetBytes(JoinToken.SecretBytes)],
            ManagerTokenSecret = [.. RandomNumberGenerator.GetBytes(JoinToken.SecretBytes)],
        };
        using var key = NodeKey.Create();
        var pem = root.IssueNodeCertificate(
            key.CreateSigningRequest(),
            new CertificateSubject(new NodeId(NewId()), CertificateRole.Manager, _cluster.Id), now,
            TimeSpan.FromDays(1), RandomNumberGenerator.GetBytes(CertificateLimits.MaxSerialBytes));
        Assert.True(NodeIdentity.TryCreate(key, pem, root.CertificatePem, now, out var identity, out var error), error);
        _identity = identity;
    }

    internal ManagerNode Node { get; private set; } = null!;

    /// <summary>Where other nodes reach it; 0 takes any and tells nobody.</summary>
    internal int Port { get; private init; }

    /// <summary>All that the manager has on disk is below it.</summary>
    internal string Data => _directory;

    /// <summary>Where its control service listens.</summary>
    internal string Socket => Path.Combine(_directory, "s", "swarm.sock");

    /// <summary>Null when the manager was started without one.</summary>
    internal KeyVault? Vault { get; private set; }

    internal string VaultFile => Path.Combine(_directory, KeyVault.FileName);

    internal static async Task<OneManager> StartAsync()
    {
        var one = new OneManager();
        ManagerNode.Bootstrap(one.Options());
        one.Node = await ManagerNode.StartAsync(one.Options(), default);
        await one.Node.InitializeAsync(one._cluster, new NodeSpec(), default);
        await one.ServeAsync();
        return one;
    }

    /// <summary>One that other nodes can dial.</summary>
    internal static async Task<OneManager> StartListeningAsync()
    {
        var one = new OneManager { Port = TestPorts.Free() };
        ManagerNode.Bootstrap(one.Options());
        one.Node = await ManagerNode.StartAsync(one.Options(), default);
        await one.Node.InitializeAsync(one._cluster, new NodeSpec(), default);
        return one;
    }

    /// <summary>Another node of the swarm, with a certificate that is good for a day whatever becomes of it.</summary>
    internal NodeIdentity Issue(NodeId node, CertificateRole role)
    {
        var now = DateTimeOffset.UtcNow;
        using var root = RootCa.FromPem(_cluster.RootCertificatePem, _cluster.RootKeyPem);
        using var key = NodeKey.Create();
        var pem = root.IssueNodeCertificate(
            key.CreateSigningRequest(), new CertificateSubject(node, role, _cluster.Id), now,
            TimeSpan.FromDays(1), RandomNumberGenerator.GetBytes(CertificateLimits.MaxSerialBytes));
        Assert.True(NodeIdentity.TryCreate(key, pem, root.CertificatePem, now, out var identity, out var error), error);
        return identity;
    }

    /// <summary>With a vault and its identity beside the log, as on a real node.</summary>
    internal static async Task<OneManager> StartSealedAsync()
    {
        var one = new OneManager();
        one.Vault = KeyVault.Create(one.VaultFile, null, 0);
        one.SaveIdentity();
        ManagerNode.Bootstrap(one.Options());
        one.Node = await ManagerNode.StartAsync(one.Options(), default);
        await one.Node.InitializeAsync(one._cluster, new NodeSpec(), default);
        await one.ServeAsync();
        return one;
    }

    /// <summary>A swarm that was made by a version that knew the first format only.</summary>
    internal static async Task<OneManager> StartFirstFormatAsync()
    {
        var one = new OneManager();
        ManagerNode.Bootstrap(one.Options());
        one.Node = await ManagerNode.StartAsync(one.Options(), default);
        await UntilAsync(() => one.Node.Session is not null);
        await one.Node.Session!.Proposer.CommandAsync(new StoreAction.SetCluster(one._cluster), default);
        await one.Node.Session!.Proposer.CommandAsync(
            NewNodes.Create(one.Node.NodeId, NodeRole.Manager, new NodeSpec()), default);
        await one.ServeAsync();
        return one;
    }

    /// <summary>Waits for something that has to come.</summary>
    internal static async Task UntilAsync(Func<bool> holds)
    {
        var deadline = Environment.TickCount64 + 30_000;
        while (!holds())
        {
            Assert.True(Environment.TickCount64 < deadline, "it did not come");
            await Task.Delay(20);
        }
    }

    /// <summary>Stops the manager and starts it again from its log.</summary>
    internal async Task RestartAsync()
    {
        await StopAsync();
        Node = await ManagerNode.StartAsync(Options(), default);
        await ServeAsync();
    }

    /// <summary>Stops the manager, forgets its keys, and starts it from what is on disk and the unlock key.</summary>
    internal async Task RestartAsync(UnlockKey? key)
    {
        await StopAsync();
        Vault!.Dispose();
        var opening = KeyVault.Open(VaultFile, key);
        Assert.True(opening.Vault is not null, opening.Error);
        Vault = opening.Vault;
        Node = await ManagerNode.StartAsync(Options(), default);
        await ServeAsync();
    }

    /// <summary>Gives a request an id of its own.</summary>
    internal T Marked<T>(T request)
        where T : IMessage
    {
        Assert.True(_ids.TryMark(request));
        return request;
    }

    internal Task<TRes> CallAsync<TReq, TRes>(
        string method, TReq request, IReadOnlyDictionary<string, string>? metadata = null)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new() => _channel!.UnaryAsync(
            RpcMethod<TReq, TRes>.Of(Control, method), request,
            new CallOptions { Deadline = TimeSpan.FromSeconds(20), Metadata = metadata });

    internal ServerStreamCall<WatchResponse> Watch(WatchRequest request) =>
        _channel!.ServerStream(RpcMethod<WatchRequest, WatchResponse>.Of(Control, "Watch"), request);

    internal async Task<CreateServiceResponse> CreateAsync(string name) =>
        await CallAsync<CreateServiceRequest, CreateServiceResponse>("CreateService", Marked(Create(name)));

    internal static CreateServiceRequest Create(string name) => new()
    {
        NoResolveImage = true,
        Spec = new ServiceSpec
        {
            Name = name,
            Task = new TaskSpec { Container = new ContainerSpec { Image = "registry.test/web:1" } },
            Replicated = new ReplicatedMode { Replicas = 1 },
        },
    };

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Vault?.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task ServeAsync()
    {
        _server = await RpcServer.StartAsync(
            new RpcServerOptions { UnixSockets = [Socket] }, [Service().Build()], default);
        _channel = RpcChannel.ForUnixSocket(Socket);
    }

    private ControlService Service() =>
        new(() => Node, static image => new RegistryLogin(image.Split('/')[0], "ci", RegistryPassword));

    internal async Task StopAsync()
    {
        if (_channel is not null)
        {
            await _channel.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (_server is not null && Node is not null)
        {
            await Node.DisposeAsync();
        }

        (_channel, _server) = (null, null);
    }

    /// <summary>The secret half of this node's key.</summary>
    internal byte[] IdentityKey()
    {
        using var key = _identity.Certificate.GetECDsaPrivateKey()!;
        return key.ExportParameters(includePrivateParameters: true).D!;
    }

    private NodeIdentityStore Certificates => new(Path.Combine(_directory, "certificates")) { Vault = Vault };

    private void SaveIdentity() => Certificates.Save(_identity);

    /// <summary>What somebody logged in with on this host.</summary>
    internal const string RegistryPassword = "canary-registry-5280";

    internal ManagerOptions Options() => new()
    {
        AtRest = Vault is null ? null : new AtRest(Vault)
        {
            Reseal = SaveIdentity,
            SealedWith = () => Certificates.SealedWith,
        },
        NodeId = _identity.NodeId,
        ClusterId = _cluster.Id,
        RaftId = new RaftId(7),
        RaftDirectory = Path.Combine(_directory, "raft"),
        AdvertiseAddress = HostPort.Parse("127.0.0.1:2377"),
        Listen = new IPEndPoint(IPAddress.Loopback, Port),
        ServerTls = () => TlsSettings.Server(_identity, PeerChecks.None),
        ClientTls = () => TlsSettings.Client(_identity, PeerExpectation.AnyManager, PeerChecks.None),
        Identify = Identify,
        ResolveImage = (_, _, _) => throw new RpcException(RpcStatusCode.Unavailable, "there is no registry here"),
        Loggers = NullLoggerFactory.Instance,
    };

    private static PeerIdentity? Identify(X509Certificate2? certificate, string remote) =>
        certificate is not null && CertificateSubject.TryParse(certificate, out var subject)
            ? new PeerIdentity(
                subject.Role == CertificateRole.Manager ? CallerRole.Manager : CallerRole.Worker,
                subject.NodeId.Value, subject.ClusterId.Value, remote)
            : null;

    private static string NewId() => IdFormat.FromRandom(RandomNumberGenerator.GetBytes(IdFormat.RandomBytes));
}
