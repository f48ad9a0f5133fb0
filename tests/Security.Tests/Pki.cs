using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Swarm.Model;

namespace Swarm.Security.Tests;

/// <summary>Ids, roots and identities for tests, and certificates that the real authority would never issue.</summary>
internal static class Pki
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly ClusterId Cluster = new(IdFormat.FromRandom(Bytes(1, IdFormat.RandomBytes)));
    public static readonly ClusterId OtherCluster = new(IdFormat.FromRandom(Bytes(2, IdFormat.RandomBytes)));
    public static readonly TimeSpan Life = TimeSpan.FromDays(CertificateLimits.DefaultNodeLifetimeDays);

    public static byte[] Bytes(byte fill, int count) => [.. Enumerable.Repeat(fill, count)];

    public static byte[] Random(int count) => RandomNumberGenerator.GetBytes(count);

    public static NodeId NewNodeId() => new(IdFormat.FromRandom(Random(IdFormat.RandomBytes)));

    public static string NewRootName() => RootCa.CommonNamePrefix + IdFormat.FromRandom(Random(IdFormat.RandomBytes));

    public static RootCa NewRoot(DateTimeOffset now) => RootCa.Create(NewRootName(), now, Random(16));

    public static CertificateSubject Subject(CertificateRole role) => new(NewNodeId(), role, Cluster);

    public static string Issue(RootCa root, NodeKey key, CertificateSubject subject, DateTimeOffset now) =>
        root.IssueNodeCertificate(key.CreateSigningRequest(), subject, now, Life, Random(16));

    public static NodeIdentity Identity(RootCa root, CertificateSubject subject, DateTimeOffset now)
    {
        using var key = NodeKey.Create();
        return Identity(key, Issue(root, key, subject, now), root, now);
    }

    public static NodeIdentity Identity(NodeKey key, string certificatePem, RootCa root, DateTimeOffset now) =>
        NodeIdentity.TryCreate(key, certificatePem, root.CertificatePem, now, out var identity, out var error)
            ? identity
            : throw new InvalidOperationException(error);

    /// <summary>A certificate whose form a test changes before the root signs it.</summary>
    public static X509Certificate2 Forge(
        RootCa root, CertificateSubject subject, DateTimeOffset now, Action<CertificateRequest> change)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issuer = X509Certificate2.CreateFromPem(root.CertificatePem, root.ExportKeyPem());
        var request = CertificateForms.Node(subject, new PublicKey(key), issuer);
        change(request);
        using var signed = request.Create(issuer, now.AddHours(-1), now.AddDays(1), Random(16));
        return signed.CopyWithPrivateKey(key);
    }

    public static void Replace<T>(CertificateRequest request, T extension)
        where T : X509Extension
    {
        Drop<T>(request);
        request.CertificateExtensions.Add(extension);
    }

    public static void Drop<T>(CertificateRequest request)
        where T : X509Extension =>
        request.CertificateExtensions.Remove(request.CertificateExtensions.OfType<T>().Single());
}
