using System.Security.Cryptography.X509Certificates;

namespace Swarm.Rpc.Tests.Interop;

/// <summary>Certificates as the files that grpc-js reads; gone with their folder.</summary>
internal sealed class PemFiles : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("swarm-rpc-pem-").FullName;

    public PemFiles(TestPki pki, string role)
    {
        using X509Certificate2 certificate = pki.Issue("js", role);
        Arguments =
        [
            Write("ca.pem", pki.RootPem),
            Write("key.pem", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
            Write("cert.pem", certificate.ExportCertificatePem()),
        ];
    }

    /// <summary>CA, key, certificate.</summary>
    public string[] Arguments { get; }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
