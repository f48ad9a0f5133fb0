using System.IO.Pipelines;
using System.Security.Cryptography.X509Certificates;
using Swarm.Protocol.V1;

namespace Swarm.Rpc;

/// <summary>
/// Bytes of the application's own on a TLS connection, beside HTTP/2 on the same port: for traffic in which a call is
/// too much. Which of the two a connection carries is settled in the handshake (ALPN, RFC 7301).
/// </summary>
/// <param name="Name">The ALPN name, as both ends say it.</param>
/// <param name="Role">Whom it is for; everybody else's connection is closed at once.</param>
/// <param name="ServeAsync">Reads one connection until it ends. The connection is closed when it returns.</param>
public sealed record RawProtocol(string Name, CallerRole Role, Func<RawConnection, CancellationToken, Task> ServeAsync)
{
    /// <summary>Who a peer is on this protocol; null takes the server's own
    /// <see cref="RpcServerOptions.Identify"/>.</summary>
    public Func<X509Certificate2?, string, PeerIdentity?>? Identify { get; init; }
}

/// <summary>One connection of a <see cref="RawProtocol"/>; the peer is authenticated.</summary>
/// <param name="Peer">Who it was when the connection was made.</param>
/// <param name="Input">What the peer sends.</param>
/// <param name="IsStillWelcome">Asks again whether the peer may be here: it may have been removed meanwhile.</param>
public sealed record RawConnection(PeerIdentity Peer, PipeReader Input, Func<bool> IsStillWelcome);
