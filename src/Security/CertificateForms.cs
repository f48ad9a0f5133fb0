using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Swarm.Model;

namespace Swarm.Security;

/// <summary>What stands in the certificates of a cluster, all of it decided here.</summary>
internal static class CertificateForms
{
    public const string ServerAuthOid = "1.3.6.1.5.5.7.3.1";
    public const string ClientAuthOid = "1.3.6.1.5.5.7.3.2";

    // The cross certificate of a root rotation stands between a root and the nodes.
    private const int RootPathLength = 1;

    public static CertificateRequest Root(string commonName, ECDsa key)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(commonName);
        var request = new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256);
        var usages = X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign;
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, RootPathLength, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usages, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request;
    }

    public static CertificateRequest Node(CertificateSubject subject, PublicKey key, X509Certificate2 issuer)
    {
        var role = RoleNames.Of(subject.Role);
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(subject.NodeId.Value);
        name.AddOrganizationalUnitName(role);
        name.AddOrganizationName(subject.ClusterId.Value);

        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(role);
        names.AddDnsName(subject.NodeId.Value);

        var request = new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256);
        var extensions = request.CertificateExtensions;
        extensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        extensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        extensions.Add(new X509EnhancedKeyUsageExtension([new(ClientAuthOid), new(ServerAuthOid)], critical: false));
        extensions.Add(names.Build());
        extensions.Add(new X509SubjectKeyIdentifierExtension(key, critical: false));
        extensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false));
        return request;
    }

    /// <summary>A positive integer of constant length from random bytes (RFC 5280, 4.1.2.2).</summary>
    public static byte[] Serial(ReadOnlySpan<byte> random)
    {
        if (random.Length is < CertificateLimits.MinSerialBytes or > CertificateLimits.MaxSerialBytes)
        {
            throw new ArgumentException(
                $"a serial has {CertificateLimits.MinSerialBytes} to {CertificateLimits.MaxSerialBytes} random bytes,"
                + $" not {random.Length}",
                nameof(random));
        }

        var serial = random.ToArray();
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }

    /// <summary>True for ids as <see cref="IdFormat.FromRandom"/> makes them.</summary>
    public static bool IsId(string? text) => text is { Length: IdFormat.Chars } && IdFormat.CouldBePrefix(text);
}
