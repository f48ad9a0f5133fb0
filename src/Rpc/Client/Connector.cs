using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Client;

/// <summary>Why no connection came about; the message is what the caller reads.</summary>
internal sealed class ConnectFailure(string message, Exception inner) : IOException(message, inner);

/// <summary>
/// Makes connections itself instead of leaving it to SocketsHttpHandler: so TLS options are asked once per
/// connection, and every failure gets a text with the address.
/// </summary>
internal sealed class Connector(
    string target, Func<EndPoint> endpoint, Func<SslClientAuthenticationOptions>? tls, TimeSpan timeout)
{
    /// <summary>What the two ends must agree on.</summary>
    public SslApplicationProtocol Protocol { get; init; } = SslApplicationProtocol.Http2;

    /// <summary>Sets options of a socket before it connects.</summary>
    public Action<Socket>? Prepare { get; init; }

    public async ValueTask<Stream> ConnectAsync(CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(timeout);
        Stream? stream = null;
        try
        {
            stream = await DialAsync(limit.Token).ConfigureAwait(false);
            Stream secured = tls is null ? stream : await SecureAsync(stream, tls(), limit.Token).ConfigureAwait(false);
            stream = null;
            return secured;
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new ConnectFailure($"cannot reach {target}: no answer within {timeout.TotalSeconds:0.###} s", e);
        }
        catch (SocketException e)
        {
            throw new ConnectFailure($"cannot reach {target}: {Reason(e)}", e);
        }
        finally
        {
            if (stream is not null)
                await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<Stream> DialAsync(CancellationToken ct)
    {
        EndPoint to = endpoint();
        Socket socket = to is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            Prepare?.Invoke(socket);
            await socket.ConnectAsync(to, ct).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<Stream> SecureAsync(Stream plain, SslClientAuthenticationOptions options, CancellationToken ct)
    {
        options.ApplicationProtocols = [Protocol];
        options.AllowTlsResume = false;
        options.AllowRenegotiation = false;
        options.EnabledSslProtocols = TlsVersions.AtLeast12(options.EnabledSslProtocols);
        var secured = new SslStream(plain, leaveInnerStreamOpen: false);
        try
        {
            await secured.AuthenticateAsClientAsync(options, ct).ConfigureAwait(false);
            return secured.NegotiatedApplicationProtocol == Protocol
                ? secured
                : throw new AuthenticationException(
                    $"it does not speak {(Protocol == SslApplicationProtocol.Http2 ? "HTTP/2" : Protocol)}");
        }
        catch (AuthenticationException e)
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            throw new ConnectFailure($"certificate of {target} was refused: {Innermost(e)}", e);
        }
        catch (IOException e)
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            throw new ConnectFailure($"{target} ended the TLS handshake: {Innermost(e)}", e);
        }
    }

    private string Reason(SocketException e) => (e.SocketErrorCode, endpoint() is UnixDomainSocketEndPoint) switch
    {
        (SocketError.ConnectionRefused, false) => "connection refused",
        (SocketError.ConnectionRefused, true) => "nobody listens on this socket",
        (SocketError.AddressNotAvailable, true) => "there is no such socket",
        (SocketError.AccessDenied, true) => "permission denied",
        (SocketError.TimedOut, _) => "no answer",
        (SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain, _) => "the name does not resolve",
        (SocketError.HostUnreachable, _) => "no route to host",
        (SocketError.NetworkUnreachable, _) => "network is unreachable",
        _ => Innermost(e),
    };

    private static string Innermost(Exception e)
    {
        while (e.InnerException is { } inner)
        {
            e = inner;
        }
        return e.Message.TrimEnd('.');
    }
}
