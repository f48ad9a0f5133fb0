using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security;

/// <summary>
/// The TLS of all connections between nodes: 1.2 and 1.3, forward secret authenticated ciphers, HTTP/2, no
/// resumption (a resumed session skips the certificate checks, and with them a revocation), no renegotiation.
/// The settings belong to the identity that they were made from: make new ones when it is renewed.
/// </summary>
public static class TlsSettings
{
    /// <summary>Name that clients ask for (SNI), whatever the address that they dial.</summary>
    public const string ManagerHost = RoleNames.Manager;

    private static readonly TlsCipherSuite[] Ciphers =
    [
        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ];

    /// <summary>
    /// A node as server. A client without certificate is let in, as a joiner must be: the methods decide what it
    /// may call. A client with a certificate that is not perfect is refused, never treated as without one.
    /// </summary>
    public static SslServerAuthenticationOptions Server(NodeIdentity self, PeerChecks checks)
    {
        ArgumentNullException.ThrowIfNull(self);
        ArgumentNullException.ThrowIfNull(checks);
        var verifier = new PeerVerifier(checks)
        {
            PurposeOid = CertificateForms.ClientAuthOid,
            Cluster = self.ClusterId,
            MayBeAnonymous = true,
        };
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = Context(self),
            // "Required" makes the server ask at all; whether none is an answer is the callback's decision.
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = verifier.Verify,
            CertificateChainPolicy = Trust.InRoot(self.Root, CertificateForms.ClientAuthOid),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            CipherSuitesPolicy = new CipherSuitesPolicy(Ciphers),
            AllowRenegotiation = false,
            AllowTlsResume = false,
        };
    }

    /// <summary>A node as client of another node of its cluster.</summary>
    public static SslClientAuthenticationOptions Client(
        NodeIdentity self, PeerExpectation expected, PeerChecks checks)
    {
        ArgumentNullException.ThrowIfNull(self);
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(checks);
        var verifier = new PeerVerifier(checks)
        {
            PurposeOid = CertificateForms.ServerAuthOid,
            Cluster = self.ClusterId,
            Expected = expected,
        };
        var options = Client(verifier.Verify, Trust.InRoot(self.Root, CertificateForms.ServerAuthOid));
        options.ClientCertificateContext = Context(self);
        return options;
    }

    /// <summary>
    /// A joiner that has checked the root by its token (<see cref="JoinFlow.TryPinRoot"/>): the server must be a
    /// manager under that root. No certificate is shown, as there is none yet.
    /// </summary>
    /// <exception cref="CertificateRefusedException">The text is not one root certificate.</exception>
    public static SslClientAuthenticationOptions ClientPinned(string rootPem, PeerChecks checks)
    {
        ArgumentNullException.ThrowIfNull(rootPem);
        ArgumentNullException.ThrowIfNull(checks);
        var verifier = new PeerVerifier(checks)
        {
            PurposeOid = CertificateForms.ServerAuthOid,
            Expected = PeerExpectation.AnyManager,
        };
        return Client(verifier.Verify, Trust.InRoot(RootCertificate.Parse(rootPem), CertificateForms.ServerAuthOid));
    }

    /// <summary>
    /// Accepts every server. For exactly one call, the download of the root certificate, whose digest is then
    /// compared with the token's; close the connection afterwards, and send nothing secret over it.
    /// </summary>
    public static SslClientAuthenticationOptions ClientForRootFetch() =>
        Client((_, certificate, _, _) => certificate is not null, Trust.Offline());

    private static SslClientAuthenticationOptions Client(
        RemoteCertificateValidationCallback verify, X509ChainPolicy policy) => new()
        {
            TargetHost = ManagerHost,
            RemoteCertificateValidationCallback = verify,
            CertificateChainPolicy = policy,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            CipherSuitesPolicy = new CipherSuitesPolicy(Ciphers),
            AllowRenegotiation = false,
            AllowTlsResume = false,
        };

    private static SslStreamCertificateContext Context(NodeIdentity self) =>
        SslStreamCertificateContext.Create(self.Certificate, additionalCertificates: null, offline: true);
}
