using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Swarm.Rpc.Server;

/// <summary>
/// Stands behind TLS: gives connections that agreed on a raw protocol to its handler, all others to HTTP.
/// </summary>
internal sealed class RawConnections(
    RpcServerOptions options, ActiveCalls active, OpenStreams open, ILogger log)
{
    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        string agreed = Encoding.ASCII.GetString(
            (connection.Features.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol ?? default).Span);
        if (options.Raw.FirstOrDefault(r => r.Name == agreed) is not { } protocol)
        {
            await next(connection).ConfigureAwait(false);
            return;
        }
        string remote = connection.Features.Get<PeerSource>()!.RemoteAddress;
        if (Identify(connection, protocol, remote) is not { } peer)
        {
            Log.PeerRefused(log, remote);
            connection.Abort(new ConnectionAbortedException("the certificate is not one for this protocol"));
            return;
        }
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(
            connection.ConnectionClosed, active.StoppingFor(RpcKind.Duplex));
        bool IsWelcome() => Identify(connection, protocol, remote) is not null;
        var raw = new RawConnection(peer, connection.Transport.Input, IsWelcome);
        using var entry = open.Enter(IsWelcome, ended);
        try
        {
            await protocol.ServeAsync(raw, ended.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidDataException)
        {
            Log.RawEnded(log, agreed, remote, e.Message);
        }
        connection.Abort(new ConnectionAbortedException("the connection has ended"));
    }

    private PeerIdentity? Identify(ConnectionContext connection, RawProtocol protocol, string remote)
    {
        var certificate = connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        Func<X509Certificate2?, string, PeerIdentity?> identify = protocol.Identify ?? options.Identify;
        return identify(certificate, remote) is { } peer && peer.Role == protocol.Role ? peer : null;
    }
}
