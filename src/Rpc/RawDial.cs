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
    /// Connects and agrees on the protocol. When what was sent is not answered in time, the kernel ends the connection
    /// (TCP_USER_TIMEOUT, tcp(7)): after a partition a new one is faster than waiting for the old one's retransmission.
    /// </summary>
    /// <exception cref="IOException">No connection, or the peer does not speak the protocol; the text says why.
    /// </exception>
    public static async Task<RawOutput> ConnectAsync(
        IPEndPoint to, string protocol, Func<SslClientAuthenticationOptions> tls, RawDialOptions options,
        CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(options);
        Socket? dialled = null;
        var connector = new Connector(to.ToString(), () => to, tls, options.Timeout)
        {
            Protocol = new SslApplicationProtocol(protocol),
            Prepare = socket =>
            {
                dialled = socket;
                socket.SendBufferSize = options.SendBufferBytes;
                socket.SetRawSocketOption(
                    TcpLevel, TcpUserTimeout, BitConverter.GetBytes((int)options.Unacknowledged.TotalMilliseconds));
            },
        };
        return new RawOutput(await connector.ConnectAsync(ct).ConfigureAwait(false), dialled!);
    }
}

/// <summary>How a <see cref="RawProtocol"/> is dialled.</summary>
/// <param name="Timeout">For connection and handshake together.</param>
/// <param name="Unacknowledged">The kernel ends the connection when what was sent is not answered for so long.</param>
/// <param name="SendBufferBytes">What the kernel keeps of what was written and not yet answered, at least; it takes
/// twice of this at most (socket(7), SO_SNDBUF).</param>
public sealed record RawDialOptions(TimeSpan Timeout, TimeSpan Unacknowledged, int SendBufferBytes);

/// <summary>A connection that was dialled.</summary>
public sealed class RawOutput(Stream stream, Socket socket) : IDisposable
{
    /// <summary>Writing ends the connection when it fails. One writer and one reader at a time.</summary>
    public Stream Stream => stream;

    /// <summary>A third of the send buffer is free (tcp(7)): what is much shorter is written without waiting.
    /// False when the connection has ended.</summary>
    public bool HasRoom
    {
        get
        {
            try
            {
                return socket.Poll(0, SelectMode.SelectWrite);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>Ends the connection.</summary>
    public void Dispose() => stream.Dispose();
}
