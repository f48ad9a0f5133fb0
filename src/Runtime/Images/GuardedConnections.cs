using System.Net;
using System.Net.Sockets;

namespace Swarm.Runtime.Images;

/// <summary>
/// HTTP clients that differ in which addresses they connect to. The check is made on the address that is really
/// connected to, so a name that resolves differently the second time gains nothing. Redirects are never followed by
/// themselves.
/// </summary>
internal sealed class GuardedConnections(TimeSpan connectTimeout) : IDisposable
{
    private const int MaxHeaderKilobytes = 64;
    private const int MaxConnectionsPerHost = 16;
    private static readonly TimeSpan s_idle = TimeSpan.FromMinutes(1);
    private readonly HttpClient _anywhere = New(connectTimeout, _ => true);
    private readonly HttpClient _elsewhere = New(connectTimeout, a => !RegistryAddress.IsLocal(a));
    private readonly HttpClient _elsewhereOrLoopback =
        New(connectTimeout, a => !RegistryAddress.IsLocal(a) || IPAddress.IsLoopback(a));

    /// <summary>The client for an address that a registry (or nobody but the user) named.</summary>
    internal HttpClient For(Uri registry, Uri target)
    {
        if (RegistryAddress.IsSameOrigin(registry, target))
            return _anywhere;
        return registry.IsLoopback ? _elsewhereOrLoopback : _elsewhere;
    }

    public void Dispose()
    {
        _anywhere.Dispose();
        _elsewhere.Dispose();
        _elsewhereOrLoopback.Dispose();
    }

    private static HttpClient New(TimeSpan connectTimeout, Func<IPAddress, bool> isAllowed) =>
        new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            // A proxy would connect on our behalf to addresses that we then cannot check.
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = connectTimeout,
            MaxResponseHeadersLength = MaxHeaderKilobytes,
            MaxConnectionsPerServer = MaxConnectionsPerHost,
            PooledConnectionIdleTimeout = s_idle,
            ConnectCallback = (context, ct) => ConnectAsync(context.DnsEndPoint, isAllowed, ct),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };

    private static async ValueTask<Stream> ConnectAsync(
        DnsEndPoint target, Func<IPAddress, bool> isAllowed, CancellationToken ct)
    {
        var addresses = IPAddress.TryParse(target.Host, out var literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(target.Host, ct).ConfigureAwait(false);
        if (addresses.FirstOrDefault(a => !isAllowed(a)) is { } forbidden)
            throw new ImageException(
                ImageErrorKind.Denied,
                $"registry refers to {target.Host} ({forbidden}), an address of this machine or link");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, target.Port, ct).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
