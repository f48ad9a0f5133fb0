using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Swarm.Model;

namespace Swarm.Security.Tests.Tls;

/// <summary>Client certificates that our authority never issues, some of them with its very signature.</summary>
public sealed class ForgedCertificateTests : IDisposable
{
    private readonly TlsBench bench = new();

    private DateTimeOffset Now => bench.Now;

    private RootCa Root => bench.Root;

    private NodeIdentity Manager => bench.Manager;

    public void Dispose() => bench.Dispose();

    public static TheoryData<string, string> Forgeries => new()
    {
        { "authority", "no CA" },
        { "no constraints", "no CA" },
        { "server only", "NotValidForUsage" },
        { "no purposes", "extended key usage" },
        { "subject", "subject is not" },
        { "self-signed", "does not lead to the cluster's root" },
        { "weak key", "not ECDSA on P-256" },
    };

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task Certificates_of_another_form_are_refused(string how, string reason)
    {
        using var forged = Forge(how);
        await bench.AssertServerRefusesAsync(Manager, forged, reason);
    }

    [Fact]
    public async Task The_root_itself_is_no_client()
    {
        using var certificate = X509Certificate2.CreateFromPem(Root.CertificatePem, Root.ExportKeyPem());
        await bench.AssertServerRefusesAsync(Manager, certificate, "no CA");
    }

    private X509Certificate2 Forge(string how)
    {
        var subject = Pki.Subject(CertificateRole.Manager);
        return how switch
        {
            "authority" => Pki.Forge(
                Root, subject, Now, r => Pki.Replace(r, new X509BasicConstraintsExtension(true, false, 0, true))),
            "server only" => Pki.Forge(Root, subject, Now, r => Pki.Replace(
                r, new X509EnhancedKeyUsageExtension([new(CertificateForms.ServerAuthOid)], false))),
            "no purposes" => Pki.Forge(Root, subject, Now, Pki.Drop<X509EnhancedKeyUsageExtension>),
            "no constraints" => Pki.Forge(Root, subject, Now, Pki.Drop<X509BasicConstraintsExtension>),
            "subject" => Pki.Forge(
                Root, subject with { NodeId = new NodeId("not an id") }, Now, _ => { }),
            "self-signed" => SelfSigned(subject),
            _ => OnAnotherCurve(subject),
        };
    }

    private X509Certificate2 SelfSigned(CertificateSubject subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedName(
            $"CN={subject.NodeId}, OU=swarm-manager, O={subject.ClusterId}");
        return new CertificateRequest(name, key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(Now.AddHours(-1), Now.AddDays(1));
    }

    private X509Certificate2 OnAnotherCurve(CertificateSubject subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var issuer = X509Certificate2.CreateFromPem(Root.CertificatePem, Root.ExportKeyPem());
        var request = CertificateForms.Node(subject, new PublicKey(key), issuer);
        using var signed = request.Create(issuer, Now.AddHours(-1), Now.AddDays(1), Pki.Random(16));
        return signed.CopyWithPrivateKey(key);
    }
}
