using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security.Tests.Tls;

/// <summary>
/// One real handshake over loopback, with a byte each way afterwards: in TLS 1.3 a client learns only from
/// its first read that the server did not like its certificate.
/// </summary>
internal static class Handshake
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public static async Task<HandshakeResult> RunAsync(
        SslServerAuthenticationOptions server, SslClientAuthenticationOptions client)
    {
        using var timeout = new CancellationTokenSource(Deadline);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, server, timeout.Token);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync((IPEndPoint)listener.LocalEndpoint, timeout.Token);
        var clientError = await ClientAsync(tcp, client, timeout.Token);
        tcp.Dispose();
        return await serving with { ClientError = clientError };
    }

    private static async Task<string?> ClientAsync(
        TcpClient tcp, SslClientAuthenticationOptions options, CancellationToken stop)
    {
        try
        {
            await using var tls = new SslStream(tcp.GetStream());
            await tls.AuthenticateAsClientAsync(options, stop);
            await tls.WriteAsync(new byte[] { 1 }, stop);
            return await tls.ReadAsync(new byte[1], stop) == 1 ? null : "the server closed the connection";
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            return e.Message;
        }
    }

    private static async Task<HandshakeResult> ServeAsync(
        TcpListener listener, SslServerAuthenticationOptions options, CancellationToken stop)
    {
        using var tcp = await listener.AcceptTcpClientAsync(stop);
        try
        {
            await using var tls = new SslStream(tcp.GetStream());
            await tls.AuthenticateAsServerAsync(options, stop);
            var got = await tls.ReadAsync(new byte[1], stop);
            if (got == 0)
                return new HandshakeResult("the client closed the connection", null, default, null, default);
            await tls.WriteAsync(new byte[] { 2 }, stop);
            var peer = tls.RemoteCertificate as X509Certificate2;
            CertificateSubject? subject =
                peer is not null && CertificateSubject.TryParse(peer, out var parsed) ? parsed : null;
            return new HandshakeResult(
                null, subject, tls.SslProtocol, null, tls.NegotiatedApplicationProtocol);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            return new HandshakeResult(e.Message, null, default, null, default);
        }
    }
}

internal sealed record HandshakeResult(
    string? ServerError,
    CertificateSubject? ClientSubject,
    SslProtocols Protocol,
    string? ClientError,
    SslApplicationProtocol Alpn)
{
    public bool Succeeded => ServerError is null && ClientError is null;
}
