using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security.Tests.Tls;

/// <summary>A root, a manager and a worker of now, as TLS asks the system's clock; remembers refusals.</summary>
internal sealed class TlsBench : IDisposable
{
    private readonly List<string> refusals = [];

    public TlsBench()
    {
        Root = Pki.NewRoot(Now);
        Manager = Pki.Identity(Root, Pki.Subject(CertificateRole.Manager), Now);
        Worker = Pki.Identity(Root, Pki.Subject(CertificateRole.Worker), Now);
    }

    public DateTimeOffset Now { get; } = DateTimeOffset.UtcNow;

    public RootCa Root { get; }

    public NodeIdentity Manager { get; }

    public NodeIdentity Worker { get; }

    public PeerChecks Checks => new() { OnRefused = Note };

    public void Dispose()
    {
        Manager.Dispose();
        Worker.Dispose();
        Root.Dispose();
    }

    public async Task AssertServerRefusesAsync(
        NodeIdentity server,
        X509Certificate2 client,
        string reason,
        SslProtocols protocol = SslProtocols.Tls13,
        PeerChecks? checks = null)
    {
        var options = TlsSettings.ClientForRootFetch();
        options.EnabledSslProtocols = protocol;
        options.ClientCertificateContext = SslStreamCertificateContext.Create(client, null, offline: true);
        var result = await Handshake.RunAsync(TlsSettings.Server(server, checks ?? Checks), options);
        Assert.NotNull(result.ServerError);
        Assert.NotNull(result.ClientError);
        Assert.Contains(refusals, r => r.Contains(reason, StringComparison.Ordinal));
    }

    public async Task AssertClientRefusesAsync(
        SslServerAuthenticationOptions server, SslClientAuthenticationOptions client, string reason)
    {
        var result = await Handshake.RunAsync(server, client);
        Assert.NotNull(result.ClientError);
        Assert.Contains(refusals, r => r.Contains(reason, StringComparison.Ordinal));
    }

    private void Note(string reason)
    {
        lock (refusals)
            refusals.Add(reason);
    }
}
