using Google.Protobuf;
using Google.Protobuf.Reflection;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;
using Swarm.Store;

namespace Swarm.Manager.Tests;

/// <summary>
/// A node that was demoted or removed has a certificate that is good for months. It is cut off all the same, in the
/// middle of what it does (attacks.md PKI-5).
/// </summary>
public sealed class RevocationTests : IAsyncLifetime
{
    private static readonly TimeSpan AtMost = TimeSpan.FromSeconds(30);
    private static readonly ServiceDescriptor Control = ControlReflection.Descriptor.Services[0];
    private static readonly ServiceDescriptor NodeCa =
        ClusterReflection.Descriptor.Services.Single(s => s.Name == "NodeCa");

    private static readonly NodeId Other = new("abcdefghijklmnopqrstuvwxy");

    private OneManager _one = null!;
    private RpcChannel _channel = null!;

    public async Task InitializeAsync()
    {
        _one = await OneManager.StartListeningAsync();
        await DoAsync(NewNodes.Create(Other, NodeRole.Manager, new NodeSpec()));
        var identity = _one.Issue(Other, CertificateRole.Manager);
        _channel = RpcChannel.ForTcp(
            "127.0.0.1", _one.Port, () => TlsSettings.Client(identity, PeerExpectation.AnyManager, PeerChecks.None));
    }

    public async Task DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _one.Node.DisposeAsync();
        await _one.DisposeAsync();
    }

    [Fact]
    public async Task A_demoted_manager_is_a_worker_at_once()
    {
        await using var watch = Watch(_one.Node.State.LastIndex);
        await using var events = watch.ReadAllAsync().GetAsyncEnumerator();
        await DoAsync(NewNodes.Create(new NodeId("bbcdefghijklmnopqrstuvwxy"), NodeRole.Worker, new NodeSpec()));
        Assert.True(await events.MoveNextAsync().AsTask().WaitAsync(AtMost));
        await NodesAsync();

        await DoAsync(new StoreAction.SetNodeRole(Other, NodeRole.Worker));
        Assert.Equal(RpcStatusCode.PermissionDenied, (await EndOfAsync(events)).Code);
        var refused = await Assert.ThrowsAsync<RpcException>(NodesAsync);
        Assert.Equal(RpcStatusCode.PermissionDenied, refused.Code);

        var renewed = await RenewAsync();
        Assert.Equal(NodeRole.Worker, renewed.Role);
        Assert.Contains("OU=swarm-worker", CertificateOf(renewed).Subject, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removed_node_is_refused_everything_at_once()
    {
        await DoAsync(new StoreAction.SetNodeRole(Other, NodeRole.Worker));
        await RenewAsync();
        await DoAsync(new StoreAction.RemoveNode(Other));
        foreach (var call in new Func<Task>[] { NodesAsync, RenewAsync })
        {
            var refused = await Assert.ThrowsAsync<RpcException>(call);
            Assert.Equal(RpcStatusCode.Unauthenticated, refused.Code);
        }

        Assert.True(_one.Node.IsRevoked(Other));
        Assert.False(_one.Node.IsRevoked(_one.Node.NodeId));
    }

    [Fact]
    public async Task Who_is_to_be_a_worker_is_not_taken_in()
    {
        await DoAsync(new StoreAction.UpdateNodeSpec(Other, 0, new NodeSpec { Role = NodeSpec.Types.Role.Worker }));
        var refused = await Assert.ThrowsAsync<RpcException>(() => _channel.UnaryAsync(
            RpcMethod<JoinClusterRequest, JoinClusterResponse>.Of(Wire.RaftPeer, "JoinCluster"),
            new JoinClusterRequest { RaftId = 9, Address = "127.0.0.1:9", StoreFormat = StoreFormat.Newest }));
        Assert.Equal(RpcStatusCode.PermissionDenied, refused.Code);
        Assert.DoesNotContain(_one.Node.RaftStatus.Members, m => m.NodeId == Other.Value);
        await OneManager.UntilAsync(() => _one.Node.State.Nodes[Other].Role == NodeRole.Worker);
    }

    private ServerStreamCall<WatchResponse> Watch(ulong after) => _channel.ServerStream(
        RpcMethod<WatchRequest, WatchResponse>.Of(Control, "Watch"), new WatchRequest { AfterRevision = after });

    private Task NodesAsync() => _channel.UnaryAsync(
        RpcMethod<ListNodesRequest, ListNodesResponse>.Of(Control, "ListNodes"), new ListNodesRequest());

    private Task<IssueCertificateResponse> RenewAsync()
    {
        using var key = NodeKey.Create();
        return _channel.UnaryAsync(
            RpcMethod<RenewCertificateRequest, IssueCertificateResponse>.Of(NodeCa, "RenewCertificate"),
            new RenewCertificateRequest { CsrDer = ByteString.CopyFrom(key.CreateSigningRequest()) });
    }

    private static System.Security.Cryptography.X509Certificates.X509Certificate2 CertificateOf(
        IssueCertificateResponse answer) =>
        System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(answer.CertificatePem);

    private static Task<RpcException> EndOfAsync(IAsyncEnumerator<WatchResponse> events) =>
        Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await events.MoveNextAsync())
            {
            }
        }).WaitAsync(AtMost);

    private async Task DoAsync(StoreAction action)
    {
        await OneManager.UntilAsync(() => _one.Node.Session is not null);
        await _one.Node.Session!.Proposer.CommandAsync(action, default);
    }
}
