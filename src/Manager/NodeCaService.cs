using System.Security.Cryptography;
using Swarm.Manager.Control;
using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>
/// Gives certificates: the root to anybody, a node's first one for a join token, the next one to its holder. The
/// node record is in the log before the certificate leaves; nothing is stored before the token was checked
/// (attacks.md DOS-5).
/// </summary>
internal sealed class NodeCaService(ManagerNode manager, ClusterStore store, ManagerLog log)
{
    private static readonly RpcMethod<IssueCertificateRequest, IssueCertificateResponse> IssueMethod =
        RpcMethod<IssueCertificateRequest, IssueCertificateResponse>.Of(Wire.NodeCa, "IssueCertificate");

    private static readonly RequestMarks IssueMarks = new("IssueCertificate", IssueCertificateRequest.Descriptor);

    private static readonly RpcMethod<RenewCertificateRequest, IssueCertificateResponse> RenewMethod =
        RpcMethod<RenewCertificateRequest, IssueCertificateResponse>.Of(Wire.NodeCa, "RenewCertificate");

    internal RpcService Build()
    {
        var service = new RpcService(Wire.NodeCa);
        service.Unary<GetRootCertificateRequest, GetRootCertificateResponse>("GetRootCertificate", (_, _) =>
            Task.FromResult(new GetRootCertificateResponse
            {
                RootCertificatePem = Cluster().RootCertificatePem,
                ClusterId = Cluster().Id.Value,
                Epoch = manager.Epoch,
            }));
        service.Unary<AnnounceEpochRequest, AnnounceEpochResponse>("AnnounceEpoch", (request, _) => Hear(request));
        service.Unary<IssueCertificateRequest, IssueCertificateResponse>("IssueCertificate", IssueAsync);
        service.Unary<RenewCertificateRequest, IssueCertificateResponse>("RenewCertificate", RenewAsync);
        return service;
    }

    private Task<AnnounceEpochResponse> Hear(AnnounceEpochRequest request)
    {
        if (!HostPort.TryParse(request.ManagerAddress, out var address))
        {
            throw new RpcException(
                RpcStatusCode.InvalidArgument, $"'{request.ManagerAddress}' is not a manager's IP:PORT");
        }

        if (request.Epoch > manager.Epoch)
        {
            manager.Announced.Add(address.ToString());
        }

        return Task.FromResult(
            new AnnounceEpochResponse { ClusterId = Cluster().Id.Value, Epoch = manager.Epoch });
    }

    private async Task<IssueCertificateResponse> IssueAsync(IssueCertificateRequest request, CallContext call)
    {
        if (manager.Session is not { } session)
        {
            return await manager.Link.UnaryAsync(
                manager.LeaderAddress(), IssueMethod, request, call.Cancellation).ConfigureAwait(false);
        }

        var role = Admit(request, call);
        var id = new NodeId(NewIds.Next());
        // A request that cannot be signed stores nothing.
        var certificate = Sign(request.CsrDer.Span, id, role);
        var asked = IssueMarks.Of(request) is { } mark
            ? new AskedCommand(mark, TimeSpan.Zero)
            : null;
        var result = await session.Proposer.For(asked).CommandAsync(
            NewNodes.Create(id, role, new NodeSpec { Availability = request.Availability }), call.Cancellation)
            .ConfigureAwait(false);
        if (result.Request is { } first && first.Subject != id.Value)
        {
            id = new NodeId(first.Subject);
            certificate = Sign(request.CsrDer.Span, id, role);
        }

        log.Issued(id.Value, role.ToString(), call.Peer.RemoteAddress);
        return Answer(id, certificate, role);
    }

    private async Task<IssueCertificateResponse> RenewAsync(RenewCertificateRequest request, CallContext call)
    {
        var id = call.Peer.Role == CallerRole.Manager && request.OnBehalfOfNodeId.Length > 0
            ? new NodeId(request.OnBehalfOfNodeId)
            : new NodeId(call.Peer.NodeId);
        if (manager.Session is null)
        {
            request.OnBehalfOfNodeId = id.Value;
            return await manager.Link.UnaryAsync(
                manager.LeaderAddress(), RenewMethod, request, call.Cancellation).ConfigureAwait(false);
        }

        // A leader that was deposed without knowing it must not give out a role that was taken away meanwhile.
        var state = await manager.FreshStateAsync(call.Cancellation).ConfigureAwait(false);
        if (state.Nodes.Get(id) is not { } node)
        {
            log.IssueRefused(call.Peer.RemoteAddress, $"node {id} is not a member");
            throw new RpcException(
                RpcStatusCode.PermissionDenied, $"node {id} is not a member of this swarm (it was removed)");
        }

        log.Issued(id.Value, node.Role.ToString(), call.Peer.RemoteAddress);
        return Answer(id, Sign(request.CsrDer.Span, id, node.Role), node.Role);
    }

    private NodeRole Admit(IssueCertificateRequest request, CallContext call)
    {
        var cluster = Cluster();
        var secrets = new JoinSecrets(cluster.WorkerTokenSecret.AsSpan(), cluster.ManagerTokenSecret.AsSpan());
        if (!JoinToken.TryParse(request.Token, out var token, out var error)
            || !JoinFlow.TryAdmit(token, cluster.RootCertificatePem, secrets, out var role, out error))
        {
            log.IssueRefused(call.Peer.RemoteAddress, error);
            throw new RpcException(
                RpcStatusCode.InvalidArgument, $"A valid join token is necessary to join this cluster: {error}");
        }

        return role == CertificateRole.Manager ? NodeRole.Manager : NodeRole.Worker;
    }

    private string Sign(ReadOnlySpan<byte> csr, NodeId id, NodeRole role)
    {
        var cluster = Cluster();
        var lifetime = cluster.Spec is { HasNodeCertificateExpiryNs: true } spec
            ? SpecDefaults.FromNs(spec.NodeCertificateExpiryNs)
            : TimeSpan.FromDays(CertificateLimits.DefaultNodeLifetimeDays);
        var subject = new CertificateSubject(
            id, role == NodeRole.Manager ? CertificateRole.Manager : CertificateRole.Worker, cluster.Id);
        try
        {
            using var root = RootCa.FromPem(cluster.RootCertificatePem, cluster.RootKeyPem);
            return root.IssueNodeCertificate(
                csr, subject, store.Clock.GetUtcNow(), lifetime,
                RandomNumberGenerator.GetBytes(CertificateLimits.MaxSerialBytes));
        }
        catch (CertificateRefusedException e)
        {
            throw new RpcException(RpcStatusCode.InvalidArgument, $"the signing request is not usable: {e.Message}");
        }
    }

    private IssueCertificateResponse Answer(NodeId id, string certificate, NodeRole role)
    {
        var response = new IssueCertificateResponse
        {
            NodeId = id.Value, CertificatePem = certificate, Role = role, Epoch = manager.Epoch,
        };
        response.ManagerAddresses.Add(manager.ManagerAddresses());
        if (role == NodeRole.Manager)
        {
            // So that its log is never wrapped with anything else, not even until it has caught up.
            var cluster = Cluster();
            response.UnlockKey = cluster.AutoLock ? ByteString.CopyFrom(cluster.UnlockKey.AsSpan()) : ByteString.Empty;
            response.ClusterVersion = cluster.Version;
        }

        return response;
    }

    private ClusterRecord Cluster() => store.Current.Cluster
        ?? throw new RpcException(RpcStatusCode.Unavailable, "the swarm is still being initialised; try again");
}
