using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Swarm.Model;

namespace Swarm.Security.Tests.Tls;

/// <summary>TLS asks the system's clock, so these identities are issued now.</summary>
public sealed class TlsSettingsTests : IDisposable
{
    private readonly TlsBench bench = new();

    private DateTimeOffset Now => bench.Now;

    private RootCa Root => bench.Root;

    private NodeIdentity Manager => bench.Manager;

    private NodeIdentity Worker => bench.Worker;

    private PeerChecks Checks => bench.Checks;

    public void Dispose() => bench.Dispose();

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_worker_and_a_manager_know_each_other(SslProtocols protocol)
    {
        var client = TlsSettings.Client(Worker, PeerExpectation.AnyManager, Checks);
        client.EnabledSslProtocols = protocol;
        var result = await Handshake.RunAsync(TlsSettings.Server(Manager, Checks), client);
        Assert.True(result.Succeeded, $"{result}");
        Assert.Equal(protocol, result.Protocol);
        Assert.Equal(SslApplicationProtocol.Http2, result.Alpn);
        Assert.Equal(Worker.NodeId, result.ClientSubject?.NodeId);
        Assert.Equal(CertificateRole.Worker, result.ClientSubject?.Role);
    }

    [Fact]
    public async Task The_same_settings_serve_many_connections_and_gather_nothing()
    {
        var server = TlsSettings.Server(Manager, Checks);
        var client = TlsSettings.Client(Worker, PeerExpectation.Manager(Manager.NodeId), Checks);
        for (var i = 0; i < 5; i++)
        {
            var result = await Handshake.RunAsync(server, client);
            Assert.True(result.Succeeded, $"{result}");
        }

        Assert.Empty(server.CertificateChainPolicy!.ExtraStore);
        Assert.Empty(client.CertificateChainPolicy!.ExtraStore);
        Assert.Single(server.CertificateChainPolicy.ApplicationPolicy);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_joiner_gets_in_without_certificate_once_it_knows_the_root(SslProtocols protocol)
    {
        var client = TlsSettings.ClientPinned(Root.CertificatePem, Checks);
        client.EnabledSslProtocols = protocol;
        var result = await Handshake.RunAsync(TlsSettings.Server(Manager, Checks), client);
        Assert.True(result.Succeeded, $"{result}");
        Assert.Null(result.ClientSubject);
    }

    [Fact]
    public async Task The_root_can_be_fetched_from_a_server_that_is_not_known_yet()
    {
        var result = await Handshake.RunAsync(
            TlsSettings.Server(Manager, Checks), TlsSettings.ClientForRootFetch());
        Assert.True(result.Succeeded, $"{result}");
        Assert.Null(result.ClientSubject);
    }

    [Fact]
    public async Task A_joiner_refuses_a_server_under_another_root()
    {
        using var other = Pki.NewRoot(Now);
        using var stranger = Pki.Identity(other, Pki.Subject(CertificateRole.Manager), Now);
        await bench.AssertClientRefusesAsync(
            TlsSettings.Server(stranger, PeerChecks.None),
            TlsSettings.ClientPinned(Root.CertificatePem, Checks),
            "does not lead to the cluster's root");
    }

    [Fact]
    public async Task A_worker_cannot_pose_as_manager()
    {
        await bench.AssertClientRefusesAsync(
            TlsSettings.Server(Worker, PeerChecks.None),
            TlsSettings.Client(Manager, PeerExpectation.AnyManager, Checks),
            "is a swarm-worker, not a swarm-manager");
        await bench.AssertClientRefusesAsync(
            TlsSettings.Server(Worker, PeerChecks.None),
            TlsSettings.ClientPinned(Root.CertificatePem, Checks),
            "is a swarm-worker, not a swarm-manager");
    }

    [Fact]
    public async Task A_manager_at_the_address_of_another_is_noticed() =>
        await bench.AssertClientRefusesAsync(
            TlsSettings.Server(Manager, PeerChecks.None),
            TlsSettings.Client(Worker, PeerExpectation.Manager(Pki.NewNodeId()), Checks),
            "answers where node");

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_client_under_another_root_is_refused_even_with_all_the_same_names(SslProtocols protocol)
    {
        var name = Pki.NewRootName();
        using var real = RootCa.Create(name, Now, Pki.Bytes(5, 16));
        using var fake = RootCa.Create(name, Now, Pki.Bytes(5, 16));
        using var server = Pki.Identity(real, Pki.Subject(CertificateRole.Manager), Now);
        using var client = Pki.Identity(fake, Pki.Subject(CertificateRole.Manager), Now);
        await bench.AssertServerRefusesAsync(
            server, client.Certificate, "does not lead to the cluster's root", protocol);
    }

    [Fact]
    public async Task A_client_of_another_cluster_is_refused_even_under_the_same_root()
    {
        var subject = Pki.Subject(CertificateRole.Manager) with { ClusterId = Pki.OtherCluster };
        using var client = Pki.Identity(Root, subject, Now);
        await bench.AssertServerRefusesAsync(Manager, client.Certificate, "not of " + Pki.Cluster);
    }

    [Fact]
    public async Task A_server_of_another_cluster_is_refused_even_under_the_same_root()
    {
        var subject = Pki.Subject(CertificateRole.Manager) with { ClusterId = Pki.OtherCluster };
        using var server = Pki.Identity(Root, subject, Now);
        await bench.AssertClientRefusesAsync(
            TlsSettings.Server(server, PeerChecks.None),
            TlsSettings.Client(Worker, PeerExpectation.AnyManager, Checks),
            "not of " + Pki.Cluster);
    }

    [Fact]
    public async Task A_removed_node_is_refused()
    {
        var checks = Checks with { IsRevoked = id => id == Worker.NodeId };
        await bench.AssertServerRefusesAsync(Manager, Worker.Certificate, "was removed", SslProtocols.Tls13, checks);
        var result = await Handshake.RunAsync(
            TlsSettings.Server(Manager, checks), TlsSettings.Client(Manager, PeerExpectation.AnyManager, checks));
        Assert.True(result.Succeeded, $"{result}");
    }

    [Fact]
    public async Task A_revocation_counts_for_a_client_that_was_connected_before()
    {
        var revoked = false;
        var server = TlsSettings.Server(Manager, Checks with { IsRevoked = _ => revoked });
        var client = TlsSettings.Client(Worker, PeerExpectation.AnyManager, PeerChecks.None);
        var before = await Handshake.RunAsync(server, client);
        revoked = true;
        var after = await Handshake.RunAsync(server, client);
        Assert.True(before.Succeeded, $"{before}");
        Assert.False(after.Succeeded, "a resumed session skipped the check");
    }

    [Fact]
    public async Task Expired_and_future_certificates_are_refused()
    {
        using var old = Pki.NewRoot(Now.AddYears(-1));
        using var server = Pki.Identity(old, Pki.Subject(CertificateRole.Manager), Now);
        using var expired = Pki.Identity(old, Pki.Subject(CertificateRole.Manager), Now.AddDays(-91));
        using var future = Pki.Identity(old, Pki.Subject(CertificateRole.Manager), Now.AddDays(1));
        await bench.AssertServerRefusesAsync(server, expired.Certificate, "NotTimeValid");
        await bench.AssertServerRefusesAsync(server, future.Certificate, "NotTimeValid");
        await bench.AssertClientRefusesAsync(
            TlsSettings.Server(expired, PeerChecks.None),
            TlsSettings.Client(server, PeerExpectation.AnyManager, Checks),
            "NotTimeValid");
    }

    [Theory]
    [InlineData(0x01)]
    [InlineData(0x02)]
    public async Task TLS_1_0_and_1_1_are_refused_with_the_alert_that_says_so(byte minor)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var tcp = new TcpClient();
        await tcp.ConnectAsync((IPEndPoint)listener.LocalEndpoint, timeout.Token);
        using var accepted = await listener.AcceptTcpClientAsync(timeout.Token);
        await using var tls = new SslStream(accepted.GetStream());
        var serving = tls.AuthenticateAsServerAsync(TlsSettings.Server(Manager, Checks), timeout.Token);
        await tcp.GetStream().WriteAsync(ClientHello(minor), timeout.Token);
        await Assert.ThrowsAsync<AuthenticationException>(() => serving);
        var alert = new byte[7];
        await tcp.GetStream().ReadExactlyAsync(alert, timeout.Token);
        // Record type 21 (alert), level 2 (fatal), description 70 (protocol_version).
        Assert.Equal((21, 2, 70), (alert[0], alert[5], alert[6]));
    }

    [Fact]
    public void Neither_side_resumes_or_renegotiates_or_looks_anything_up()
    {
        var server = TlsSettings.Server(Manager, Checks);
        Assert.False(server.AllowTlsResume);
        Assert.False(server.AllowRenegotiation);
        Assert.True(server.CertificateChainPolicy!.DisableCertificateDownloads);
        foreach (var client in new[]
        {
            TlsSettings.Client(Worker, PeerExpectation.AnyManager, Checks),
            TlsSettings.ClientPinned(Root.CertificatePem, Checks),
            TlsSettings.ClientForRootFetch(),
        })
        {
            Assert.False(client.AllowTlsResume);
            Assert.False(client.AllowRenegotiation);
            Assert.True(client.CertificateChainPolicy!.DisableCertificateDownloads);
            Assert.Equal(X509RevocationMode.NoCheck, client.CertificateChainPolicy.RevocationMode);
        }
    }

    private static byte[] ClientHello(byte minor)
    {
        // ECDHE_ECDSA_AES128_SHA and ECDHE_ECDSA_AES256_SHA; supported_groups secp256r1; uncompressed points.
        byte[] tail = [0, 0, 4, 0xC0, 0x09, 0xC0, 0x0A, 1, 0, 0, 14, 0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0];
        byte[] body = [3, minor, .. RandomNumberGenerator.GetBytes(32), .. tail];
        return [22, 3, 1, 0, (byte)(body.Length + 4), 1, 0, 0, (byte)body.Length, .. body];
    }
}
