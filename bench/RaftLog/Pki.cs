using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Bench.RaftLog;

/// <summary>One certificate that all members have; both ends of a connection demand it.</summary>
internal sealed class Pki(string directory)
{
    private const string Name = "raft-bench";
    private readonly X509Certificate2 _own =
        X509CertificateLoader.LoadPkcs12FromFile(FileIn(directory), null, X509KeyStorageFlags.EphemeralKeySet);

    public static void Create(string directory)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = DateTimeOffset.UtcNow;
        using var signed = request.CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
        File.WriteAllBytes(FileIn(directory), signed.Export(X509ContentType.Pkcs12));
    }

    public SslServerAuthenticationOptions Server() => new()
    {
        ServerCertificateContext = Context(),
        ClientCertificateRequired = true,
        CertificateChainPolicy = Policy(),
        RemoteCertificateValidationCallback = (_, _, _, errors) =>
            (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None,
    };

    public SslClientAuthenticationOptions Client() => new()
    {
        TargetHost = Name,
        ClientCertificateContext = Context(),
        CertificateChainPolicy = Policy(),
    };

    public static PeerIdentity? Identify(X509Certificate2? certificate, string remote) =>
        certificate is null ? null : new PeerIdentity(CallerRole.Manager, Name, "bench", remote);

    private static string FileIn(string directory) => Path.Combine(directory, "member.p12");

    private SslStreamCertificateContext Context() => SslStreamCertificateContext.Create(_own, null, offline: true);

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(_own.RawData));
        return policy;
    }
}
