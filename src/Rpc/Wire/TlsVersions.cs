using System.Security.Authentication;

namespace Swarm.Rpc.Wire;

/// <summary>HTTP/2 needs TLS 1.2 (RFC 9113, 9.2), and so do we.</summary>
internal static class TlsVersions
{
    private const SslProtocols Modern = SslProtocols.Tls12 | SslProtocols.Tls13;

    public static SslProtocols AtLeast12(SslProtocols wanted) =>
        (wanted & Modern) == SslProtocols.None ? Modern : wanted & Modern;
}
