using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Swarm.Model;

namespace Swarm.Security.Tests;

public sealed class RootCaTests
{
    [Fact]
    public void A_root_is_a_P256_authority_for_twenty_years_that_may_have_one_authority_below()
    {
        var name = Pki.NewRootName();
        using var root = RootCa.Create(name, Pki.Now, Pki.Bytes(0xFF, 20));
        using var certificate = X509Certificate2.CreateFromPem(root.CertificatePem);

        Assert.Equal("CN=" + name, certificate.Subject);
        Assert.Equal(certificate.Subject, certificate.Issuer);
        Assert.Equal(Pki.Now.AddHours(-24).UtcDateTime, certificate.NotBefore.ToUniversalTime());
        Assert.Equal(Pki.Now.AddYears(20).UtcDateTime, certificate.NotAfter.ToUniversalTime());
        Assert.True(KeyForm.IsP256(certificate.PublicKey));
        Assert.StartsWith("7FFF", certificate.SerialNumber, StringComparison.Ordinal);
        var constraints = certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single();
        Assert.True(constraints is { CertificateAuthority: true, PathLengthConstraint: 1, Critical: true });
        var usage = certificate.Extensions.OfType<X509KeyUsageExtension>().Single();
        Assert.Equal(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, usage.KeyUsages);
        Assert.True(usage.Critical);
    }

    [Theory]
    [InlineData("swarm-ca")]
    [InlineData("swarm-ca short")]
    [InlineData("other 0123456789abcdef")]
    public void A_root_without_a_name_of_its_own_is_refused(string name) =>
        Assert.Throws<ArgumentException>(() => RootCa.Create(name, Pki.Now, Pki.Random(16)));

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(21)]
    public void A_serial_of_another_length_is_refused(int bytes) =>
        Assert.Throws<ArgumentException>(() => RootCa.Create(Pki.NewRootName(), Pki.Now, new byte[bytes]));

    [Fact]
    public void A_root_comes_back_from_its_texts_and_issues_what_the_first_one_accepts()
    {
        using var first = Pki.NewRoot(Pki.Now);
        using var second = RootCa.FromPem(first.CertificatePem, first.ExportKeyPem());
        Assert.Equal(first.CertificatePem, second.CertificatePem);
        Assert.Equal(first.ExportKeyPem(), second.ExportKeyPem());
        using var key = NodeKey.Create();
        var pem = Pki.Issue(second, key, Pki.Subject(CertificateRole.Worker), Pki.Now);
        using var identity = Pki.Identity(key, pem, first, Pki.Now);
        Assert.Equal(CertificateRole.Worker, identity.Role);
    }

    [Fact]
    public void A_root_without_key_checks_but_does_not_issue()
    {
        using var full = Pki.NewRoot(Pki.Now);
        using var root = RootCa.FromPem(full.CertificatePem);
        using var key = NodeKey.Create();
        Assert.False(root.CanIssue);
        Assert.Throws<InvalidOperationException>(root.ExportKeyPem);
        Assert.Throws<InvalidOperationException>(
            () => Pki.Issue(root, key, Pki.Subject(CertificateRole.Worker), Pki.Now));
    }

    [Fact]
    public void The_key_of_another_root_is_refused()
    {
        using var root = Pki.NewRoot(Pki.Now);
        using var other = Pki.NewRoot(Pki.Now);
        var e = Assert.Throws<CertificateRefusedException>(
            () => RootCa.FromPem(root.CertificatePem, other.ExportKeyPem()));
        Assert.Contains("does not belong", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_one_root_certificate_is_refused()
    {
        using var root = Pki.NewRoot(Pki.Now);
        using var key = NodeKey.Create();
        var node = Pki.Issue(root, key, Pki.Subject(CertificateRole.Manager), Pki.Now);
        string[] texts =
        [
            "", "garbage", node, root.ExportKeyPem(), root.CertificatePem + root.CertificatePem,
            "x" + root.CertificatePem, root.CertificatePem + "x", root.CertificatePem[..200],
            root.CertificatePem + new string('\n', CertificateLimits.MaxPemChars), SelfSigned(authority: false),
        ];
        foreach (var text in texts)
            Assert.Throws<CertificateRefusedException>(() => RootCa.FromPem(text));
    }

    [Fact]
    public void A_root_on_another_curve_or_an_RSA_root_is_refused()
    {
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        var onP384 = new CertificateRequest("CN=swarm-ca x", p384, HashAlgorithmName.SHA256);
        var withRsa = new CertificateRequest(
            "CN=swarm-ca x", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        foreach (var request in new[] { onP384, withRsa })
        {
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
            using var certificate = request.CreateSelfSigned(Pki.Now, Pki.Now.AddYears(1));
            var e = Assert.Throws<CertificateRefusedException>(
                () => RootCa.FromPem(certificate.ExportCertificatePem()));
            Assert.Contains("P-256", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void One_root_signs_from_many_threads()
    {
        using var root = Pki.NewRoot(Pki.Now);
        Parallel.For(0, 64, _ =>
        {
            using var identity = Pki.Identity(root, Pki.Subject(CertificateRole.Worker), Pki.Now);
            Assert.Equal(Pki.Cluster, identity.ClusterId);
        });
    }

    private static string SelfSigned(bool authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=swarm-ca x", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority, false, 0, true));
        using var certificate = request.CreateSelfSigned(Pki.Now, Pki.Now.AddYears(1));
        return certificate.ExportCertificatePem();
    }
}
