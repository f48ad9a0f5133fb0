using System.Collections.Frozen;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Swarm.Protocol.V1;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Server;

/// <summary>
/// Decides from headers and transport alone whether a call is let in: before any of its body is read.
/// </summary>
internal sealed class CallGate(
    FrozenDictionary<string, BoundMethod> methods, RpcServerOptions options, uint ownUid, ILogger log)
{
    private const int MaxShownPathChars = 200;

    /// <exception cref="RpcException">The call is refused.</exception>
    public (BoundMethod Method, PeerIdentity Peer) Admit(HttpContext http)
    {
        PeerIdentity peer = PeerOf(http);
        string path = http.Request.Path.Value ?? "";
        if (!methods.TryGetValue(path, out BoundMethod? method))
        {
            string shown = path.Length <= MaxShownPathChars ? path : path[..MaxShownPathChars];
            throw new RpcException(RpcStatusCode.Unimplemented, $"method {shown} is not served here");
        }
        if (!method.Allowed.Contains(peer.Role))
        {
            throw Refused(method, peer);
        }
        RequestHeaders.RequireIdentity(http.Request);
        return (method, peer);
    }

    /// <summary>Whether the caller of a stream may still have it; to be asked at any later time.</summary>
    public Func<bool> Question(HttpContext http, BoundMethod method)
    {
        PeerSource source = http.Features.Get<PeerSource>()!;
        if (source.Process is not null)
            return static () => true;
        X509Certificate2? certificate = http.Connection.ClientCertificate;
        return () => options.Identify(certificate, source.RemoteAddress) is { } peer
            && method.Allowed.Contains(peer.Role);
    }

    private PeerIdentity PeerOf(HttpContext http)
    {
        PeerSource source = http.Features.Get<PeerSource>()!;
        if (source.Process is { } process)
        {
            return process.Uid == 0 || process.Uid == ownUid
                ? new PeerIdentity(CallerRole.Local, "", "", source.RemoteAddress)
                : throw Stranger(source);
        }
        PeerIdentity? peer = options.Identify(http.Connection.ClientCertificate, source.RemoteAddress);
        if (peer is not null)
        {
            return peer;
        }
        Log.PeerRefused(log, source.RemoteAddress);
        throw new RpcException(
            RpcStatusCode.Unauthenticated, "this caller is not known here: its certificate is refused");
    }

    private RpcException Stranger(PeerSource source)
    {
        Log.PeerRefused(log, source.RemoteAddress);
        return new RpcException(
            RpcStatusCode.PermissionDenied,
            $"user id {source.Process?.Uid} may not use this socket: only root and user id {ownUid} may");
    }

    private RpcException Refused(BoundMethod method, PeerIdentity peer)
    {
        Log.CallRefused(log, method.Path, peer.Role, peer.NodeId, peer.RemoteAddress);
        string role = peer.Role.ToString().ToUpperInvariant();
        return peer.Role == CallerRole.Anyone
            ? new RpcException(
                RpcStatusCode.Unauthenticated, $"{method.Path} needs a certificate of role {method.AllowedText}")
            : new RpcException(
                RpcStatusCode.PermissionDenied, $"{method.Path} is for {method.AllowedText}, not for role {role}");
    }
}
