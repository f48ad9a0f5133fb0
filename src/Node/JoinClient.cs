using Google.Protobuf;
using Google.Protobuf.Reflection;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;

namespace Swarm.Node;

/// <summary>
/// A joiner's side: fetches the root, believes it only when the token's digest fits, then asks for a certificate over a
/// connection that the pinned root has checked. The token is sent to nobody else.
/// </summary>
internal static class JoinClient
{
    internal static readonly ServiceDescriptor NodeCa =
        ClusterReflection.Descriptor.Services.Single(s => s.Name == "NodeCa");

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly CallOptions Options = new() { Deadline = Patience };

    /// <exception cref="RpcException">One line for the user: token, address or cluster do not fit.</exception>
    internal static async Task<(NodeIdentity Identity, IssueCertificateResponse Answer)> JoinAsync(
        HostPort manager, string tokenText, NodeSpec.Types.Availability availability, CancellationToken ct)
    {
        if (!JoinToken.TryParse(tokenText, out var token, out var error))
        {
            throw new RpcException(RpcStatusCode.InvalidArgument, $"invalid join token: {error}");
        }

        var root = await FetchRootAsync(manager, token, ct).ConfigureAwait(false);
        using var key = NodeKey.Create();
        await using var channel = RpcChannel.ForTcp(
            manager.Host, manager.Port, () => TlsSettings.ClientPinned(root, PeerChecks.None));
        var request = new IssueCertificateRequest
        {
            Token = tokenText,
            CsrDer = ByteString.CopyFrom(key.CreateSigningRequest()),
            Availability = availability,
        };
        new RequestIds().TryMark(request);
        var answer = await RpcRetry.UntilKnownAsync(
            attempt => channel.UnaryAsync(
                RpcMethod<IssueCertificateRequest, IssueCertificateResponse>.Of(NodeCa, "IssueCertificate"),
                request, new CallOptions { Deadline = attempt.Left }, ct),
            repeatable: true, Patience, TimeProvider.System, ct).ConfigureAwait(false);
        return NodeIdentity.TryCreate(
            key, answer.CertificatePem, root, DateTimeOffset.UtcNow, out var identity, out error)
            ? (identity, answer)
            : throw new RpcException(
                RpcStatusCode.FailedPrecondition, $"the manager's certificate is not usable: {error}");
    }

    private static async Task<string> FetchRootAsync(HostPort manager, JoinToken token, CancellationToken ct)
    {
        await using var channel = RpcChannel.ForTcp(manager.Host, manager.Port, TlsSettings.ClientForRootFetch);
        var answer = await channel.UnaryAsync(
            RpcMethod<GetRootCertificateRequest, GetRootCertificateResponse>.Of(NodeCa, "GetRootCertificate"),
            new GetRootCertificateRequest(),
            Options,
            ct).ConfigureAwait(false);
        return JoinFlow.TryPinRoot(token, answer.RootCertificatePem, out var root, out var error)
            ? root
            : throw new RpcException(RpcStatusCode.FailedPrecondition, error);
    }
}
