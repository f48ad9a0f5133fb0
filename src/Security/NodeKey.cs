using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security;

/// <summary>A node's private key: ECDSA on P-256, made on the node, never sent anywhere.</summary>
public sealed class NodeKey : IDisposable
{
    private readonly ECDsa key;

    internal NodeKey(ECDsa key) => this.key = key;

    /// <summary>A new key from the kernel's random numbers.</summary>
    public static NodeKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>A key from unencrypted PKCS#8 in PEM.</summary>
    /// <exception cref="CertificateRefusedException">It is not one such key on P-256.</exception>
    public static NodeKey FromPem(string pem)
    {
        ArgumentNullException.ThrowIfNull(pem);
        return Pem.TryReadKey(pem, out var key)
            ? new NodeKey(key)
            : throw new CertificateRefusedException("the key is not one P-256 key in PKCS#8 PEM");
    }

    /// <summary>A request (PKCS#10, DER) without a name: the certificate authority gives it.</summary>
    public byte[] CreateSigningRequest() =>
        new CertificateRequest(new X500DistinguishedNameBuilder().Build(), key, HashAlgorithmName.SHA256)
            .CreateSigningRequest();

    /// <inheritdoc/>
    public void Dispose() => key.Dispose();

    internal static bool Fits(X509Certificate2 certificate, ECDsa key) =>
        certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo());

    internal bool Fits(X509Certificate2 certificate) => Fits(certificate, key);

    internal X509Certificate2 Attach(X509Certificate2 certificate) => certificate.CopyWithPrivateKey(key);
}
