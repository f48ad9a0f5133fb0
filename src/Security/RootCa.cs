using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Swarm.Model;

namespace Swarm.Security;

/// <summary>
/// A cluster's certificate authority: one self-signed root, ECDSA on P-256, that signs the certificates of
/// the nodes. Managers hold it with its key, everybody else without. Time and serial numbers are arguments.
/// </summary>
public sealed class RootCa : IDisposable
{
    /// <summary>How the common name of every root begins.</summary>
    public const string CommonNamePrefix = "swarm-ca ";

    private const int MinUniqueChars = 10;
    private const int MaxCommonNameChars = 64;

    private readonly X509Certificate2 certificate;

    private RootCa(X509Certificate2 certificate)
    {
        this.certificate = certificate;
        CertificatePem = Pem.Write(certificate);
    }

    /// <summary>The root certificate in the one spelling over which the token's digest is made.</summary>
    public string CertificatePem { get; }

    /// <summary>False on nodes that only check certificates.</summary>
    public bool CanIssue => certificate.HasPrivateKey;

    /// <summary>End of the root's life; no certificate that it signs lives longer.</summary>
    public DateTimeOffset NotAfter => new(certificate.NotAfter.ToUniversalTime());

    /// <summary>A new root with a new key.</summary>
    /// <param name="commonName">
    /// <see cref="CommonNamePrefix"/> and at least 10 random characters: of two roots with one name, chain
    /// building takes the wrong one, and then a rotation of the root locks nodes out.
    /// </param>
    /// <param name="now">Becomes the beginning, backdated; the end is 20 years later.</param>
    /// <param name="serial">8 to 20 random bytes.</param>
    /// <exception cref="ArgumentException">Name or serial are not of that form.</exception>
    public static RootCa Create(string commonName, DateTimeOffset now, byte[] serial)
    {
        ArgumentNullException.ThrowIfNull(commonName);
        if (!commonName.StartsWith(CommonNamePrefix, StringComparison.Ordinal)
            || commonName.Length < CommonNamePrefix.Length + MinUniqueChars
            || commonName.Length > MaxCommonNameChars)
        {
            throw new ArgumentException(
                $"a root is named '{CommonNamePrefix}' and at least {MinUniqueChars} random characters,"
                + $" {MaxCommonNameChars} in all, not '{commonName}'",
                nameof(commonName));
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = CertificateForms.Root(commonName, key);
        var notBefore = now.AddHours(-CertificateLimits.RootBackdateHours);
        var notAfter = now.AddYears(CertificateLimits.RootLifetimeYears);
        var generator = X509SignatureGenerator.CreateForECDsa(key);
        using var signed = request.Create(
            request.SubjectName, generator, notBefore, notAfter, CertificateForms.Serial(serial));
        return new RootCa(signed.CopyWithPrivateKey(key));
    }

    /// <summary>A root from what the Raft store or a node's disk holds.</summary>
    /// <exception cref="CertificateRefusedException">Not a root, not a key, or they do not belong together.</exception>
    public static RootCa FromPem(string certificatePem, string? keyPem = null)
    {
        ArgumentNullException.ThrowIfNull(certificatePem);
        var root = RootCertificate.Parse(certificatePem);
        if (keyPem is null)
        {
            return new RootCa(root);
        }

        using (root)
        {
            if (!Pem.TryReadKey(keyPem, out var key))
            {
                throw new CertificateRefusedException("the root key is not one P-256 key in PKCS#8 PEM");
            }

            using (key)
            {
                return NodeKey.Fits(root, key)
                    ? new RootCa(root.CopyWithPrivateKey(key))
                    : throw new CertificateRefusedException("the root key does not belong to the root certificate");
            }
        }
    }

    /// <summary>The root key, not encrypted: PKCS#8 in PEM. Only for the replicated store.</summary>
    /// <exception cref="InvalidOperationException">This root was made without its key.</exception>
    public string ExportKeyPem()
    {
        using var key = RequireKey();
        return key.ExportPkcs8PrivateKeyPem() + "\n";
    }

    /// <summary>
    /// Signs a node's key. Everything else in the certificate comes from the arguments, nothing from the
    /// request; its own signature proves that the node holds the key.
    /// </summary>
    /// <param name="csrDer">PKCS#10, at most 4096 bytes, key on P-256.</param>
    /// <param name="subject">Who the node is, decided by the caller from token or present certificate.</param>
    /// <param name="now">Becomes the beginning, backdated by an hour.</param>
    /// <param name="lifetime">At least an hour; cut at the end of the root's own life.</param>
    /// <param name="serial">8 to 20 random bytes.</param>
    /// <returns>The certificate in PEM.</returns>
    /// <exception cref="CertificateRefusedException">The request is refused, or the root has expired.</exception>
    public string IssueNodeCertificate(
        ReadOnlySpan<byte> csrDer, CertificateSubject subject, DateTimeOffset now, TimeSpan lifetime, byte[] serial)
    {
        if (!CertificateForms.IsId(subject.NodeId.Value) || !CertificateForms.IsId(subject.ClusterId.Value))
        {
            throw new ArgumentException($"{subject} has ids that are not of the form of ids", nameof(subject));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(
            lifetime, TimeSpan.FromHours(CertificateLimits.MinNodeLifetimeHours));
        if (!CanIssue)
        {
            throw new InvalidOperationException("this root is without its key and cannot issue certificates");
        }

        var key = SigningRequest.VerifiedKey(csrDer);
        var (notBefore, notAfter) = Validity(now, lifetime);
        var request = CertificateForms.Node(subject, key, certificate);
        using var issued = request.Create(certificate, notBefore, notAfter, CertificateForms.Serial(serial));
        return Pem.Write(issued);
    }

    /// <inheritdoc/>
    public void Dispose() => certificate.Dispose();

    private (DateTimeOffset NotBefore, DateTimeOffset NotAfter) Validity(DateTimeOffset now, TimeSpan lifetime)
    {
        var rootFrom = new DateTimeOffset(certificate.NotBefore.ToUniversalTime());
        if (now < rootFrom || now >= NotAfter)
        {
            throw new CertificateRefusedException(
                $"the root certificate is valid from {rootFrom:u} to {NotAfter:u}, and the clock says {now:u}:"
                + " check the clock, or rotate the root");
        }

        var notBefore = now.AddHours(-CertificateLimits.NodeBackdateHours);
        var room = NotAfter - now;
        return (notBefore < rootFrom ? rootFrom : notBefore, lifetime < room ? now + lifetime : NotAfter);
    }

    private ECDsa RequireKey() => certificate.GetECDsaPrivateKey()
        ?? throw new InvalidOperationException("this root is without its key");
}
