using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Swarm.Rpc;

/// <summary>A TLS endpoint.</summary>
/// <param name="Address">Port 0 takes a free one, see <see cref="RpcServer.TcpEndpoints"/>.</param>
/// <param name="Tls">Asked once per connection, so a renewed certificate serves at once; each call must return a new
/// object. It decides on client certificates; the server itself adds HTTP/2 as protocol and switches resumption,
/// renegotiation and anything below TLS 1.2 off.</param>
public sealed record RpcTcpEndpoint(IPEndPoint Address, Func<SslServerAuthenticationOptions> Tls);

/// <summary>Where a server listens, and whom it takes for whom.</summary>
public sealed record RpcServerOptions
{
    public IReadOnlyList<RpcTcpEndpoint> Tcp { get; init; } = [];

    /// <summary>Absolute paths. The directory is made 0700 when missing and refused when others may enter it.
    /// Callers other than root and the server's own user are refused.</summary>
    public IReadOnlyList<string> UnixSockets { get; init; } = [];

    /// <summary>Spoken beside HTTP/2 on every TLS endpoint.</summary>
    public IReadOnlyList<RawProtocol> Raw { get; init; } = [];

    /// <summary>Called for every call over TCP with the certificate that TLS accepted (null: none was shown) and the
    /// remote address; null refuses the call. It runs per call, so a removed node is refused on its open
    /// connections too: keep it cheap.</summary>
    public Func<X509Certificate2?, string, PeerIdentity?> Identify { get; init; } = static (_, _) => null;

    public RpcServerLimits Limits { get; init; } = new();

    public ILoggerFactory Logging { get; init; } = NullLoggerFactory.Instance;
}
