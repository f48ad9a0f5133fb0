using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Manager;
using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Rpc.Tests;
using Swarm.Security;

namespace Swarm.Node.Tests.Recovery;

/// <summary>A manager of a swarm, and another one that began the swarm anew from its state at another address, as a
/// restore does. Both run.</summary>
internal sealed class TwoEpochs : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-epochs-").FullName;
    private readonly ClusterRecord _cluster;

    private TwoEpochs()
    {
        var now = DateTimeOffset.UtcNow;
        using var root = RootCa.Create(
            RootCa.CommonNamePrefix + NewId(), now, Random(CertificateLimits.MaxSerialBytes));
        _cluster = new ClusterRecord
        {
            Id = new ClusterId(NewId()),
            CreatedAt = now,
            Spec = new ClusterSpec(),
            RootCertificatePem = root.CertificatePem,
            RootKeyPem = root.ExportKeyPem(),
            WorkerTokenSecret = [.. Random(JoinToken.SecretBytes)],
            ManagerTokenSecret = [.. Random(JoinToken.SecretBytes)],
        };
        (OldIdentity, NewIdentity) = (Issue(root), Issue(root));
    }

    internal NodeIdentity OldIdentity { get; }

    internal NodeIdentity NewIdentity { get; }

    internal ManagerNode Old { get; private set; } = null!;

    internal ManagerNode New { get; private set; } = null!;

    internal string OldAddress { get; } = $"127.0.0.1:{TestPorts.Free()}";

    internal string NewAddress { get; } = $"127.0.0.1:{TestPorts.Free()}";

    internal string LeftBehind => Path.Combine(_directory, "left-behind");

    internal static async Task<TwoEpochs> StartAsync()
    {
        var two = new TwoEpochs();
        var old = two.Options(two.OldIdentity, two.OldAddress, "old");
        ManagerNode.Bootstrap(old);
        two.Old = await ManagerNode.StartAsync(old, default);
        await two.Old.InitializeAsync(two._cluster, new NodeSpec(), default);
        var next = NewEpoch.Begin(
            two.Old.State,
            new NewEpochRequest(
                two.NewIdentity.NodeId, new NodeSpec(), Observe: true, [.. Random(JoinToken.SecretBytes)],
                [.. Random(JoinToken.SecretBytes)]),
            DateTimeOffset.UtcNow);
        var restored = two.Options(two.NewIdentity, two.NewAddress, "new") with { Epoch = next.State.Cluster!.Epoch };
        OfflineLog.Begin(restored, next.State, two.Old.RaftStatus.Term + 1);
        two.New = await ManagerNode.StartAsync(restored, default);
        Assert.True(await two.New.BecomesLeaderAsync(default));
        return two;
    }

    public async ValueTask DisposeAsync()
    {
        await New.DisposeAsync();
        await Old.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private ManagerOptions Options(NodeIdentity identity, string address, string name) => new()
    {
        NodeId = identity.NodeId,
        ClusterId = _cluster.Id,
        RaftId = new RaftId(7),
        RaftDirectory = Path.Combine(_directory, name),
        AdvertiseAddress = HostPort.Parse(address),
        Listen = IPEndPoint.Parse(address),
        ServerTls = () => TlsSettings.Server(identity, PeerChecks.None),
        ClientTls = () => TlsSettings.Client(identity, PeerExpectation.AnyManager, PeerChecks.None),
        Identify = IdentityKeeper.Identify,
        ResolveImage = (_, _, _) => throw new RpcException(RpcStatusCode.Unavailable, "there is no registry here"),
        Loggers = NullLoggerFactory.Instance,
    };

    private NodeIdentity Issue(RootCa root)
    {
        using var key = NodeKey.Create();
        var now = DateTimeOffset.UtcNow;
        var pem = root.IssueNodeCertificate(
            key.CreateSigningRequest(),
            new CertificateSubject(new NodeId(NewId()), CertificateRole.Manager, _cluster.Id), now,
            TimeSpan.FromDays(1), Random(CertificateLimits.MaxSerialBytes));
        Assert.True(NodeIdentity.TryCreate(key, pem, root.CertificatePem, now, out var identity, out var error), error);
        return identity;
    }

    private static byte[] Random(int bytes) => RandomNumberGenerator.GetBytes(bytes);

    private static string NewId() => IdFormat.FromRandom(Random(IdFormat.RandomBytes));
}
