using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security;

/// <summary>What makes a certificate a cluster's trust anchor.</summary>
internal static class RootCertificate
{
    /// <summary>Reads a root certificate; the error is one line that may be shown.</summary>
    public static bool TryParse(string pem, [NotNullWhen(true)] out X509Certificate2? root, out string error)
    {
        if (!Pem.TryReadCertificate(pem, out root))
        {
            error = "the root certificate is not exactly one certificate in PEM";
            return false;
        }

        error = Fault(root);
        if (error.Length == 0)
        {
            return true;
        }

        root.Dispose();
        root = null;
        return false;
    }

    /// <summary>Reads a root certificate that has been checked before.</summary>
    /// <exception cref="CertificateRefusedException">It is none.</exception>
    public static X509Certificate2 Parse(string pem) =>
        TryParse(pem, out var root, out var error) ? root : throw new CertificateRefusedException(error);

    private static string Fault(X509Certificate2 root)
    {
        if (!root.SubjectName.RawData.AsSpan().SequenceEqual(root.IssuerName.RawData))
        {
            return "the root certificate is not self-signed";
        }

        if (root.Extensions.OfType<X509BasicConstraintsExtension>().SingleOrDefault() is not
            { CertificateAuthority: true })
        {
            return "the root certificate is not that of a certificate authority";
        }

        if (root.Extensions.OfType<X509KeyUsageExtension>().SingleOrDefault() is not { } usage
            || !usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign))
        {
            return "the root certificate may not sign certificates";
        }

        return KeyForm.IsP256(root.PublicKey) ? "" : "the root certificate's key is not ECDSA on P-256";
    }
}
