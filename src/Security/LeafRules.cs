using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security;

/// <summary>What a node certificate must be besides leading to the root: exactly what our authority issues.</summary>
internal static class LeafRules
{
    /// <summary>Checks a certificate whose chain is good already.</summary>
    public static bool TryCheck(
        X509Certificate2 leaf, string purposeOid, out CertificateSubject subject, out string error)
    {
        error = Fault(leaf, purposeOid);
        subject = default;
        if (error.Length == 0 && !CertificateSubject.TryParse(leaf, out subject))
        {
            error = "the certificate's subject is not CN = node id, OU = role, O = cluster id";
        }

        return error.Length == 0;
    }

    private static string Fault(X509Certificate2 leaf, string purposeOid)
    {
        if (leaf.RawData.Length > CertificateLimits.MaxCertificateBytes)
        {
            return $"the certificate is larger than {CertificateLimits.MaxCertificateBytes} bytes";
        }

        if (One<X509BasicConstraintsExtension>(leaf) is not { CertificateAuthority: false })
        {
            return "the certificate is not marked as that of a node (basic constraints: no CA)";
        }

        if (One<X509KeyUsageExtension>(leaf) is not { KeyUsages: X509KeyUsageFlags.DigitalSignature })
        {
            return "the certificate's key usage is not digital signature alone";
        }

        // Chain building lets a certificate without the extension pass for every purpose.
        var purposes = One<X509EnhancedKeyUsageExtension>(leaf)?.EnhancedKeyUsages;
        if (purposes is null || !purposes.Cast<System.Security.Cryptography.Oid>().Any(o => o.Value == purposeOid))
        {
            return "the certificate's extended key usage does not allow this side of a connection";
        }

        return KeyForm.IsP256(leaf.PublicKey) ? "" : "the certificate's key is not ECDSA on P-256";
    }

    private static T? One<T>(X509Certificate2 leaf)
        where T : X509Extension
    {
        var all = leaf.Extensions.OfType<T>().Take(2).ToArray();
        return all.Length == 1 ? all[0] : null;
    }
}
