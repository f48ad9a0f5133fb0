using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Swarm.Security.Tests.Tls;

/// <summary>The settings as the product uses them: Kestrel on one side, SocketsHttpHandler on the other.</summary>
public sealed class KestrelTests : IAsyncLifetime
{
    private readonly DateTimeOffset now = DateTimeOffset.UtcNow;
    private readonly RootCa root;
    private readonly NodeIdentity manager;
    private readonly NodeIdentity worker;
    private WebApplication? app;
    private int port;

    public KestrelTests()
    {
        root = Pki.NewRoot(now);
        manager = Pki.Identity(root, Pki.Subject(CertificateRole.Manager), now);
        worker = Pki.Identity(root, Pki.Subject(CertificateRole.Worker), now);
    }

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = _ => ValueTask.FromResult(TlsSettings.Server(manager, PeerChecks.None)),
            });
        }));
        app = builder.Build();
        app.Run(async context =>
        {
            var certificate = await context.Connection.GetClientCertificateAsync();
            var known = certificate is not null && CertificateSubject.TryParse(certificate, out var subject)
                ? $"{subject.Role} {subject.NodeId}"
                : "anonymous";
            await context.Response.WriteAsync(known);
        });
        await app.StartAsync();
        port = new Uri(app.Urls.Single()).Port;
    }

    public async Task DisposeAsync()
    {
        await app!.DisposeAsync();
        manager.Dispose();
        worker.Dispose();
        root.Dispose();
    }

    [Theory]
    [InlineData(TlsSettings.ManagerHost)]
    [InlineData("127.0.0.1")]
    public async Task A_server_knows_its_clients_whatever_host_the_URI_names(string host)
    {
        Assert.Equal(
            $"Worker {worker.NodeId}",
            await AskAsync(host, TlsSettings.Client(worker, PeerExpectation.AnyManager, PeerChecks.None)));
        Assert.Equal(
            $"Manager {manager.NodeId}",
            await AskAsync(host, TlsSettings.Client(manager, PeerExpectation.AnyManager, PeerChecks.None)));
    }

    [Fact]
    public async Task A_joiner_is_anonymous()
    {
        var pinned = TlsSettings.ClientPinned(root.CertificatePem, PeerChecks.None);
        Assert.Equal("anonymous", await AskAsync(TlsSettings.ManagerHost, pinned));
        Assert.Equal("anonymous", await AskAsync(TlsSettings.ManagerHost, TlsSettings.ClientForRootFetch()));
    }

    [Fact]
    public async Task A_certificate_of_another_root_is_refused_and_not_taken_for_none()
    {
        using var other = Pki.NewRoot(now);
        using var stranger = Pki.Identity(other, Pki.Subject(CertificateRole.Manager), now);
        var options = TlsSettings.ClientForRootFetch();
        options.ClientCertificateContext = SslStreamCertificateContext.Create(stranger.Certificate, null, true);
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(TlsSettings.ManagerHost, options));
    }

    private async Task<string> AskAsync(string host, SslClientAuthenticationOptions tls)
    {
        using var handler = new SocketsHttpHandler
        {
            SslOptions = tls,
            ConnectCallback = async (_, stop) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(20) };
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{host}:{port}/")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await client.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }
}
