using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security.Tests;

public sealed class CertificateSubjectTests
{
    private const string Id = "abcdefghijklmnopqrstuvwxy";
    private const string Cluster = "1234567890123456789012345";

    [Theory]
    [InlineData($"CN={Id}, OU=swarm-manager, O={Cluster}", CertificateRole.Manager)]
    [InlineData($"O={Cluster}, OU=swarm-worker, CN={Id}", CertificateRole.Worker)]
    public void The_three_parts_are_read_in_any_order(string name, CertificateRole role)
    {
        using var certificate = Named(new X500DistinguishedName(name));
        Assert.True(CertificateSubject.TryParse(certificate, out var subject));
        Assert.Equal((Id, role, Cluster), (subject.NodeId.Value, subject.Role, subject.ClusterId.Value));
    }

    [Theory]
    [InlineData("CN=x")]
    [InlineData($"CN={Id}, OU=swarm-manager")]
    [InlineData($"CN={Id}, O={Cluster}")]
    [InlineData($"OU=swarm-manager, O={Cluster}")]
    [InlineData($"CN={Id}, OU=swarm-manager, O={Cluster}, C=DE")]
    [InlineData($"CN={Id}, CN={Id}, OU=swarm-manager, O={Cluster}")]
    [InlineData($"CN={Id}, OU=swarm-manager, OU=swarm-worker, O={Cluster}")]
    [InlineData($"CN={Id}, OU=swarm-manager, O={Cluster}, O={Cluster}")]
    [InlineData($"CN={Id}, OU=swarm-ca, O={Cluster}")]
    [InlineData($"CN={Id}, OU=Swarm-Manager, O={Cluster}")]
    [InlineData($"CN={Id}, OU=\"swarm-manager \", O={Cluster}")]
    [InlineData($"CN={Id}a, OU=swarm-manager, O={Cluster}")]
    [InlineData($"CN=Abcdefghijklmnopqrstuvwxy, OU=swarm-manager, O={Cluster}")]
    [InlineData($"CN={Id}, OU=swarm-manager, O=1")]
    [InlineData($"CN={Id} + OU=swarm-manager, O={Cluster}")]
    [InlineData($"CN={Id} + C=DE, OU=swarm-manager, O={Cluster}")]
    public void Anything_else_is_refused(string name)
    {
        using var certificate = Named(new X500DistinguishedName(name));
        Assert.False(CertificateSubject.TryParse(certificate, out _));
    }

    private static X509Certificate2 Named(X500DistinguishedName name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest(name, key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(Pki.Now, Pki.Now.AddDays(1));
    }
}
