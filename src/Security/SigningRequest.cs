using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security;

/// <summary>
/// Takes from a certificate signing request the one thing that a node may choose: its public key. Name and
/// extensions of the request are never read.
/// </summary>
internal static class SigningRequest
{
    /// <summary>The key; the signature proved that the sender holds its private half.</summary>
    /// <exception cref="CertificateRefusedException">No request, another kind of key, bad signature.</exception>
    public static PublicKey VerifiedKey(ReadOnlySpan<byte> der)
    {
        if (der.Length is 0 or > CertificateLimits.MaxSigningRequestBytes)
        {
            throw new CertificateRefusedException(
                $"the signing request has {der.Length} bytes, not 1 to {CertificateLimits.MaxSigningRequestBytes}");
        }

        // The key is looked at before its signature is: nobody makes a manager compute with a huge RSA key.
        if (!KeyForm.IsP256(Load(der, CertificateRequestLoadOptions.SkipSignatureValidation).PublicKey))
        {
            throw new CertificateRefusedException("the signing request's key is not ECDSA on the named curve P-256");
        }

        return Load(der, CertificateRequestLoadOptions.Default).PublicKey;
    }

    private static CertificateRequest Load(ReadOnlySpan<byte> der, CertificateRequestLoadOptions options)
    {
        try
        {
            var request = CertificateRequest.LoadSigningRequest(
                der, HashAlgorithmName.SHA256, out var consumed, options);
            return consumed == der.Length
                ? request
                : throw new CertificateRefusedException($"{der.Length - consumed} bytes follow the signing request");
        }
        catch (Exception e) when (e is CryptographicException or NotSupportedException or ArgumentException)
        {
            throw new CertificateRefusedException(
                "the signing request is not PKCS#10 in DER, signed by its own key", e);
        }
    }
}
