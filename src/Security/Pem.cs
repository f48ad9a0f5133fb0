using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security;

/// <summary>Reading and writing of PEM texts that hold exactly one thing.</summary>
internal static class Pem
{
    private const string CertificateLabel = "CERTIFICATE";
    private const string KeyLabel = "PRIVATE KEY";

    /// <summary>The one spelling of a certificate: 64 characters a line, \n, a newline at the end.</summary>
    public static string Write(X509Certificate2 certificate) =>
        PemEncoding.WriteString(CertificateLabel, certificate.RawData) + "\n";

    /// <summary>False unless the text is one certificate and white space.</summary>
    public static bool TryReadCertificate(string pem, [NotNullWhen(true)] out X509Certificate2? certificate)
    {
        certificate = null;
        if (!TryReadBlock(pem, CertificateLabel, out var der))
        {
            return false;
        }

        try
        {
            certificate = X509CertificateLoader.LoadCertificate(der);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>False unless the text is one unencrypted PKCS#8 key on P-256 and white space.</summary>
    public static bool TryReadKey(string pem, [NotNullWhen(true)] out ECDsa? key)
    {
        key = null;
        if (!TryReadBlock(pem, KeyLabel, out var der))
        {
            return false;
        }

        key = ImportKey(der);
        CryptographicOperations.ZeroMemory(der);
        return key is not null;
    }

    /// <summary>Null unless it is one PKCS#8 key on P-256.</summary>
    public static ECDsa? ImportKey(byte[] pkcs8)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out var consumed);
            if (consumed == pkcs8.Length && KeyForm.IsP256(new PublicKey(key)))
            {
                return key;
            }
        }
        catch (CryptographicException)
        {
            key.Dispose();
            return null;
        }

        key.Dispose();
        return null;
    }

    /// <summary>False unless the text is one block with that label and white space.</summary>
    public static bool TryReadBlock(string pem, string label, out byte[] der)
    {
        der = [];
        if (pem.Length > CertificateLimits.MaxPemChars
            || !PemEncoding.TryFind(pem, out var found)
            || !pem.AsSpan()[found.Label].SequenceEqual(label)
            || !pem.AsSpan()[..found.Location.Start].IsWhiteSpace()
            || !pem.AsSpan()[found.Location.End..].IsWhiteSpace())
        {
            return false;
        }

        der = new byte[found.DecodedDataLength];
        return Convert.TryFromBase64Chars(pem.AsSpan()[found.Base64Data], der, out var written)
            && written == der.Length;
    }
}
