using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Swarm.Rpc.Tests.Probes;

namespace Swarm.Rpc.Tests.Server;

/// <summary>What TLS must and must not do.</summary>
public sealed class TlsTests
{
    [Fact]
    public async Task Http1_over_tls_is_not_served()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        using var socket = new TcpClient("127.0.0.1", host.Port);
        await using var stream = new SslStream(socket.GetStream());
        string answer = "";
        try
        {
            await stream.AuthenticateAsClientAsync(host.Pki.ClientTls(null)());
            await stream.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            using var reader = new StreamReader(stream);
            answer = await reader.ReadToEndAsync();
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            answer = "closed";
        }
        Assert.DoesNotContain(" 200 ", answer, StringComparison.Ordinal);
        Assert.Equal(0, host.Probe.Calls);
    }

    [Theory]
    [InlineData(0, 0xC00 | 0x3000)]
    [InlineData(0xC0, 0xC00 | 0x3000)]
    [InlineData(0xC00 | 0x300, 0xC00)]
    [InlineData(0x3000, 0x3000)]
    public void Versions_before_1_2_are_taken_out(int wanted, int result) =>
        Assert.Equal((SslProtocols)result, Rpc.Wire.TlsVersions.AtLeast12((SslProtocols)wanted));

    [Fact]
    public async Task Delegates_are_asked_for_every_connection_so_a_renewed_certificate_serves_at_once()
    {
        string folder = Directory.CreateTempSubdirectory("swarm-rpc-tls-").FullName;
        using var pki = new TestPki();
        X509Certificate2 current = pki.Issue("first", "manager");
        var seen = new List<string>();
        var options = new RpcServerOptions
        {
            Tcp =
            [
                new RpcTcpEndpoint(new(System.Net.IPAddress.Loopback, 0), () => pki.ServerTls(current)()),
                new RpcTcpEndpoint(new(System.Net.IPAddress.IPv6Loopback, 0), () => pki.ServerTls(current)()),
            ],
            UnixSockets = [Path.Combine(folder, "a.sock"), Path.Combine(folder, "b.sock")],
            Identify = TestPki.Identify,
        };
        await using RpcServer server = await RpcServer.StartAsync(options, new ProbeService().Services(), default);
        Assert.Equal(2, server.TcpEndpoints.Count);
        foreach (System.Net.IPEndPoint endpoint in server.TcpEndpoints)
        {
            current = pki.Issue(endpoint.Address.ToString(), "manager");
            await using RpcChannel channel = RpcChannel.ForTcp(endpoint.Address.ToString(), endpoint.Port, () =>
            {
                SslClientAuthenticationOptions tls = pki.ClientTls(pki.Issue("n1", "manager"))();
                tls.RemoteCertificateValidationCallback = (_, cert, _, errors) =>
                {
                    seen.Add(((X509Certificate2)cert!).GetNameInfo(X509NameType.SimpleName, false));
                    return errors == SslPolicyErrors.None;
                };
                return tls;
            });
            await channel.UnaryAsync(ProbeMethods.Echo, new Note());
        }
        Assert.Equal(["127.0.0.1", "::1"], seen);
        foreach (string path in options.UnixSockets)
        {
            await using RpcChannel channel = RpcChannel.ForUnixSocket(path);
            await channel.UnaryAsync(ProbeMethods.Echo, new Note());
        }
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
