using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Swarm.Model;

namespace Swarm.Security.Tests;

public sealed class IssuingTests : IDisposable
{
    private readonly RootCa root = Pki.NewRoot(Pki.Now);
    private readonly CertificateSubject subject = Pki.Subject(CertificateRole.Worker);

    public void Dispose() => root.Dispose();

    [Theory]
    [InlineData(CertificateRole.Worker, "swarm-worker")]
    [InlineData(CertificateRole.Manager, "swarm-manager")]
    public void A_certificate_says_what_the_authority_was_told(CertificateRole role, string unit)
    {
        var who = subject with { Role = role };
        using var key = NodeKey.Create();
        using var certificate = X509Certificate2.CreateFromPem(Pki.Issue(root, key, who, Pki.Now));

        Assert.Equal($"CN={who.NodeId}, OU={unit}, O={who.ClusterId}", certificate.Subject);
        Assert.Equal(Pki.Now.AddHours(-1).UtcDateTime, certificate.NotBefore.ToUniversalTime());
        Assert.Equal(Pki.Now.AddDays(90).UtcDateTime, certificate.NotAfter.ToUniversalTime());
        var extensions = certificate.Extensions;
        Assert.False(extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.Equal(
            X509KeyUsageFlags.DigitalSignature, extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages);
        Assert.Equal(
            ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"],
            extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>()
                .Select(o => o.Value!));
        Assert.Equal(
            [unit, who.NodeId.Value],
            extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames());
        using var issuer = X509Certificate2.CreateFromPem(root.CertificatePem);
        Assert.Equal(
            issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.ToArray(),
            extensions.OfType<X509AuthorityKeyIdentifierExtension>().Single().KeyIdentifier!.Value.ToArray());
        Assert.True(CertificateSubject.TryParse(certificate, out var read));
        Assert.Equal(who, read);
    }

    [Fact]
    public void Names_and_extensions_of_the_request_are_ignored()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var victim = Pki.NewNodeId();
        var request = new CertificateRequest(
            $"CN={victim}, OU=swarm-manager, O={Pki.OtherCluster}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("swarm-manager");
        names.AddDnsName(victim.Value);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));

        var pem = root.IssueNodeCertificate(
            request.CreateSigningRequest(), subject, Pki.Now, Pki.Life, Pki.Random(16));

        using var certificate = X509Certificate2.CreateFromPem(pem);
        Assert.True(CertificateSubject.TryParse(certificate, out var read));
        Assert.Equal(subject, read);
        Assert.Equal(
            ["swarm-worker", subject.NodeId.Value],
            certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames());
        Assert.False(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.Equal(6, certificate.Extensions.Count);
    }

    [Fact]
    public void Requests_with_other_keys_are_refused()
    {
        using var rsa = RSA.Create(2048);
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var p521 = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        AssertRefused(
            new CertificateRequest("CN=x", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                .CreateSigningRequest(),
            "P-256");
        foreach (var key in new[] { p384, p521 })
            AssertRefused(
                new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256).CreateSigningRequest(), "P-256");
    }

    [Fact]
    public void A_key_that_spells_out_its_curve_is_refused_even_with_the_numbers_of_P256()
    {
        // With parameters of one's own the generator can be chosen so that a known key fits any public key.
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var named = new PublicKey(key);
        var spelled = new PublicKey(
            named.Oid,
            new AsnEncodedData(named.Oid, Spelled(key.ExportExplicitParameters(false).Curve)),
            named.EncodedKeyValue);
        var request = new CertificateRequest(new X500DistinguishedName("CN=x"), spelled, HashAlgorithmName.SHA256);
        AssertRefused(request.CreateSigningRequest(X509SignatureGenerator.CreateForECDsa(key)), "P-256");
    }

    [Fact]
    public void A_request_signed_by_another_key_is_refused()
    {
        using var mine = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var theirs = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(
            new X500DistinguishedName("CN=x"), new PublicKey(theirs), HashAlgorithmName.SHA256);
        AssertRefused(
            request.CreateSigningRequest(X509SignatureGenerator.CreateForECDsa(mine)), "signed by its own key");
    }

    [Fact]
    public void Requests_that_are_empty_too_long_or_followed_by_something_are_refused()
    {
        using var key = NodeKey.Create();
        var good = key.CreateSigningRequest();
        AssertRefused([], "0 bytes");
        AssertRefused(new byte[CertificateLimits.MaxSigningRequestBytes + 1], "4097 bytes");
        AssertRefused([.. good, 0], "1 bytes follow");
        AssertRefused(good[..^1], "PKCS#10");
        Assert.InRange(good.Length, 100, 300);
    }

    [Fact]
    public void A_request_with_any_byte_changed_is_refused()
    {
        using var key = NodeKey.Create();
        var good = key.CreateSigningRequest();
        for (var i = 0; i < good.Length; i++)
        {
            var bad = (byte[])good.Clone();
            bad[i] ^= 0x41;
            Assert.Throws<CertificateRefusedException>(
                () => root.IssueNodeCertificate(bad, subject, Pki.Now, Pki.Life, Pki.Random(16)));
        }
    }

    [Fact]
    public void Less_than_an_hour_is_not_issued_and_nothing_outlives_its_root()
    {
        using var key = NodeKey.Create();
        var csr = key.CreateSigningRequest();
        Assert.Throws<ArgumentOutOfRangeException>(() => root.IssueNodeCertificate(
            csr, subject, Pki.Now, TimeSpan.FromMinutes(59), Pki.Random(16)));

        var late = root.NotAfter.AddHours(-2);
        var pem = root.IssueNodeCertificate(csr, subject, late, TimeSpan.MaxValue, Pki.Random(16));
        using var identity = Pki.Identity(key, pem, root, late);
        Assert.Equal(root.NotAfter, identity.NotAfter);

        var e = Assert.Throws<CertificateRefusedException>(
            () => root.IssueNodeCertificate(csr, subject, root.NotAfter, Pki.Life, Pki.Random(16)));
        Assert.Contains("rotate the root", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_manager_whose_clock_is_two_hours_late_issues_certificates_that_work_at_once()
    {
        var late = Pki.Now.AddHours(-2);
        using var identity = Pki.Identity(root, subject, late);
        Assert.Equal(late.AddHours(-1), identity.NotBefore);
        var muchTooLate = Pki.Now.AddHours(-23.5);
        using var clipped = Pki.Identity(root, subject, muchTooLate);
        Assert.Equal(Pki.Now.AddHours(-24), clipped.NotBefore);
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVWXY")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaa,")]
    public void Ids_of_another_form_do_not_get_into_certificates(string id)
    {
        using var key = NodeKey.Create();
        Assert.Throws<ArgumentException>(
            () => Pki.Issue(root, key, subject with { NodeId = new NodeId(id) }, Pki.Now));
        Assert.Throws<ArgumentException>(
            () => Pki.Issue(root, key, subject with { ClusterId = new ClusterId(id) }, Pki.Now));
    }

    /// <summary>ECParameters of RFC 3279 (2.3.5): version, field, curve, base point, order, cofactor.</summary>
    private static byte[] Spelled(ECCurve curve)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier("1.2.840.10045.1.1");
                writer.WriteIntegerUnsigned(curve.Prime);
            }

            using (writer.PushSequence())
            {
                writer.WriteOctetString(curve.A);
                writer.WriteOctetString(curve.B);
            }

            writer.WriteOctetString([4, .. curve.G.X!, .. curve.G.Y!]);
            writer.WriteIntegerUnsigned(curve.Order);
            writer.WriteIntegerUnsigned(curve.Cofactor);
        }

        return writer.Encode();
    }

    private void AssertRefused(byte[] csr, string because)
    {
        var e = Assert.Throws<CertificateRefusedException>(
            () => root.IssueNodeCertificate(csr, subject, Pki.Now, Pki.Life, Pki.Random(16)));
        Assert.Contains(because, e.Message, StringComparison.Ordinal);
    }
}
