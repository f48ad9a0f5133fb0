using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security.Tests;

public sealed class NodeIdentityTests : IDisposable
{
    private readonly RootCa root = Pki.NewRoot(Pki.Now);
    private readonly NodeKey key = NodeKey.Create();
    private readonly CertificateSubject subject = Pki.Subject(CertificateRole.Manager);

    public void Dispose()
    {
        root.Dispose();
        key.Dispose();
    }

    [Fact]
    public void An_identity_says_who_the_node_is()
    {
        using var identity = Pki.Identity(key, Pki.Issue(root, key, subject, Pki.Now), root, Pki.Now);
        Assert.Equal(subject, new CertificateSubject(identity.NodeId, identity.Role, identity.ClusterId));
        Assert.Equal(Pki.Now.AddDays(90), identity.NotAfter);
        Assert.Equal(root.CertificatePem, identity.RootPem);
        Assert.True(identity.Certificate.HasPrivateKey);
    }

    [Theory]
    [InlineData(0, 45)]
    [InlineData(0.5, 58.5)]
    [InlineData(1, 72)]
    public void Renewal_is_due_between_50_and_80_percent_of_the_life(double random, double days)
    {
        using var identity = Pki.Identity(key, Pki.Issue(root, key, subject, Pki.Now), root, Pki.Now);
        var due = identity.RenewAt(random);
        Assert.True((due - Pki.Now.AddDays(days)).Duration() < TimeSpan.FromSeconds(1), $"{due:u}");
        Assert.Throws<ArgumentOutOfRangeException>(() => identity.RenewAt(1.01));
        Assert.Throws<ArgumentOutOfRangeException>(() => identity.RenewAt(-0.01));
        Assert.Throws<ArgumentOutOfRangeException>(() => identity.RenewAt(double.NaN));
    }

    [Fact]
    public void A_certificate_of_one_hour_is_not_due_at_once()
    {
        var pem = root.IssueNodeCertificate(
            key.CreateSigningRequest(), subject, Pki.Now, TimeSpan.FromHours(1), Pki.Random(16));
        using var identity = Pki.Identity(key, pem, root, Pki.Now);
        Assert.Equal(Pki.Now.AddMinutes(30), identity.RenewAt(0));
    }

    [Theory]
    [InlineData(-61, "not valid before")]
    [InlineData((90 * 24 * 60) + 1, "expired")]
    public void Outside_of_its_validity_it_is_refused_with_both_times(int minutes, string reason)
    {
        var pem = Pki.Issue(root, key, subject, Pki.Now);
        var clock = Pki.Now.AddMinutes(minutes);
        Assert.False(NodeIdentity.TryCreate(key, pem, root.CertificatePem, clock, out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.Contains($"{clock:u}", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_key_and_another_root_are_refused()
    {
        var pem = Pki.Issue(root, key, subject, Pki.Now);
        using var otherKey = NodeKey.Create();
        using var otherRoot = Pki.NewRoot(Pki.Now);
        AssertRefused(otherKey, pem, root.CertificatePem, "does not belong to its certificate");
        AssertRefused(key, pem, otherRoot.CertificatePem, "does not lead to the cluster's root");
        AssertRefused(key, pem, pem, "not self-signed");
        AssertRefused(key, pem + pem, root.CertificatePem, "exactly one certificate");
    }

    [Fact]
    public void A_root_with_the_same_name_is_not_the_same_root()
    {
        var name = Pki.NewRootName();
        using var real = RootCa.Create(name, Pki.Now, Pki.Bytes(9, 16));
        using var fake = RootCa.Create(name, Pki.Now, Pki.Bytes(9, 16));
        var pem = Pki.Issue(fake, key, subject, Pki.Now);
        AssertRefused(key, pem, real.CertificatePem, "does not lead to the cluster's root");
    }

    public static TheoryData<string, string> Forgeries => new()
    {
        { "authority", "no CA" },
        { "no constraints", "no CA" },
        { "no usage", "key usage" },
        { "signs certificates", "key usage" },
        { "no purposes", "extended key usage" },
        { "server only", "NotValidForUsage" },
        { "client only", "extended key usage" },
        { "500 names", "larger than 4096 bytes" },
        { "10000 names", "exactly one certificate" },
    };

    [Theory]
    [MemberData(nameof(Forgeries))]
    public void What_our_authority_would_not_issue_is_refused_even_with_its_signature(string how, string reason)
    {
        using var forged = Pki.Forge(root, subject, Pki.Now, request => Change(request, how));
        using var ecdsa = forged.GetECDsaPrivateKey()!;
        using var forgedKey = NodeKey.FromPem(ecdsa.ExportPkcs8PrivateKeyPem());
        AssertRefused(forgedKey, forged.ExportCertificatePem(), root.CertificatePem, reason);
    }

    [Fact]
    public void A_node_cannot_issue_for_others()
    {
        using var node = Pki.Forge(root, subject, Pki.Now, _ => { });
        using var signer = node.GetECDsaPrivateKey()!;
        using var victimKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = CertificateForms.Node(subject, new PublicKey(victimKey), node);
        using var signed = request.Create(
            node.SubjectName,
            X509SignatureGenerator.CreateForECDsa(signer),
            Pki.Now.AddMinutes(-1),
            Pki.Now.AddHours(1),
            Pki.Random(16));
        Assert.NotEqual("", Trust.ChainFault(signed, Root(), CertificateForms.ClientAuthOid, Pki.Now));
    }

    [Fact]
    public void Keys_of_other_kinds_are_refused()
    {
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        using var good = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var parameters = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);
        string[] texts =
        [
            "", "x", p384.ExportPkcs8PrivateKeyPem(), rsa.ExportPkcs8PrivateKeyPem(), good.ExportECPrivateKeyPem(),
            good.ExportSubjectPublicKeyInfoPem(), good.ExportEncryptedPkcs8PrivateKeyPem("pw", parameters),
            good.ExportPkcs8PrivateKeyPem() + good.ExportPkcs8PrivateKeyPem(),
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ];
        foreach (var text in texts)
            Assert.Throws<CertificateRefusedException>(() => NodeKey.FromPem(text));
    }

    private static void Change(CertificateRequest request, string how)
    {
        switch (how)
        {
            case "authority":
                Pki.Replace(request, new X509BasicConstraintsExtension(true, false, 0, true));
                break;
            case "no constraints":
                Pki.Drop<X509BasicConstraintsExtension>(request);
                break;
            case "no usage":
                Pki.Drop<X509KeyUsageExtension>(request);
                break;
            case "signs certificates":
                var usages = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign;
                Pki.Replace(request, new X509KeyUsageExtension(usages, true));
                break;
            case "no purposes":
                Pki.Drop<X509EnhancedKeyUsageExtension>(request);
                break;
            case "server only":
                Pki.Replace(request, new X509EnhancedKeyUsageExtension([new(CertificateForms.ServerAuthOid)], false));
                break;
            case "client only":
                Pki.Replace(request, new X509EnhancedKeyUsageExtension([new(CertificateForms.ClientAuthOid)], false));
                break;
            default:
                var names = new SubjectAlternativeNameBuilder();
                var count = int.Parse(how.Split(' ')[0], CultureInfo.InvariantCulture);
                for (var i = 0; i < count; i++)
                    names.AddDnsName($"name{i}");
                request.CertificateExtensions.Remove(
                    request.CertificateExtensions.Single(e => e.Oid?.Value == "2.5.29.17"));
                request.CertificateExtensions.Add(names.Build());
                break;
        }
    }

    private X509Certificate2 Root() => RootCertificate.Parse(root.CertificatePem);

    private static void AssertRefused(NodeKey key, string pem, string rootPem, string reason)
    {
        Assert.False(NodeIdentity.TryCreate(key, pem, rootPem, Pki.Now, out var identity, out var error));
        Assert.Null(identity);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }
}
