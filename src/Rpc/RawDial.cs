using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Swarm.Rpc.Client;

namespace Swarm.Rpc;

/// <summary>The client's end of a <see cref="RawProtocol"/>.</summary>
public static class RawDial
{
    private const int TcpLevel = 6;
    private const int TcpUserTimeout = 18;

    /// <summary>
    /// Connects and agrees on the protocol. When <paramref name="unacknowledged"/> passes without an answer to what
    /// was sent, the kernel ends the connection (TCP_USER_TIMEOUT, tcp(7)): after a partition a new one is faster than
    /// waiting for the old one's retransmission.
    /// </summary>
    /// <exception cref="IOException">No connection, or the peer does not speak the protocol; the text says why.
    /// </exception>
    public static async Task<Stream> ConnectAsync(
        IPEndPoint to, string protocol, Func<SslClientAuthenticationOptions> tls, TimeSpan timeout,
        TimeSpan unacknowledged, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(to);
        var connector = new Connector(to.ToString(), () => to, tls, timeout)
        {
            Protocol = new SslApplicationProtocol(protocol),
            Prepare = socket => socket.SetRawSocketOption(
                TcpLevel, TcpUserTimeout, BitConverter.GetBytes((int)unacknowledged.TotalMilliseconds)),
        };
        return await connector.ConnectAsync(ct).ConfigureAwait(false);
    }
}
