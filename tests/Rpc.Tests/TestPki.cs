using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Swarm.Protocol.V1;

namespace Swarm.Rpc.Tests;

/// <summary>A CA of the test's own, with the subject form of the product: CN = node, OU = role, O = cluster.</summary>
internal sealed class TestPki : IDisposable
{
    private readonly X509Certificate2 _root;

    public TestPki(string name = "test root")
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }

    public string RootPem => _root.ExportCertificatePem();

    public X509Certificate2 Issue(string node, string role)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={node}, OU={role}, O=cluster1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("swarm-manager");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        byte[] serial = RandomNumberGenerator.GetBytes(12);
        serial[0] &= 0x7f;
        using X509Certificate2 signed = request.Create(
            _root, DateTimeOffset.UtcNow.AddMinutes(-30), DateTimeOffset.UtcNow.AddMinutes(30), serial);
        return signed.CopyWithPrivateKey(key);
    }

    public Func<SslServerAuthenticationOptions> ServerTls(X509Certificate2 own)
    {
        SslStreamCertificateContext context = SslStreamCertificateContext.Create(own, null, offline: true);
        return () => new SslServerAuthenticationOptions
        {
            ServerCertificateContext = context,
            ClientCertificateRequired = true,
            CertificateChainPolicy = Policy(),
            // Without a certificate the caller is ANYONE; a wrong one is refused.
            RemoteCertificateValidationCallback = (_, cert, _, errors) =>
                cert is null || (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None,
        };
    }

    public Func<SslClientAuthenticationOptions> ClientTls(X509Certificate2? own) => () => new()
    {
        TargetHost = "swarm-manager",
        ClientCertificateContext = own is null ? null : SslStreamCertificateContext.Create(own, null, offline: true),
        CertificateChainPolicy = Policy(),
    };

    public static PeerIdentity? Identify(X509Certificate2? certificate, string remote)
    {
        if (certificate is null)
            return new PeerIdentity(CallerRole.Anyone, "", "", remote);
        Dictionary<string, string> parts = certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .ToDictionary(p => p.GetSingleElementType().FriendlyName!, p => p.GetSingleElementValue()!);
        CallerRole role = parts["OU"] == "manager" ? CallerRole.Manager : CallerRole.Worker;
        return parts["CN"] == "removed" ? null : new PeerIdentity(role, parts["CN"], parts["O"], remote);
    }

    public void Dispose() => _root.Dispose();

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(_root);
        return policy;
    }
}
