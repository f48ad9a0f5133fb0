using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Server;

/// <summary>Kestrel with our limits in place of those that are made for browsers.</summary>
internal static class KestrelSetup
{
    public static void Apply(
        KestrelServerOptions kestrel, RpcServerOptions options, (ActiveCalls Active, OpenStreams Open) calls,
        ILogger log)
    {
        RpcServerLimits limits = options.Limits;
        kestrel.AddServerHeader = false;
        // Rates and sizes of whole bodies make no sense for streams that are idle for hours: messages are limited.
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.KeepAliveTimeout = limits.IdleConnectionTimeout;
        kestrel.Limits.Http2.MaxStreamsPerConnection = limits.MaxStreamsPerConnection;
        kestrel.Limits.Http2.KeepAlivePingDelay = limits.KeepAlivePingDelay;
        kestrel.Limits.Http2.KeepAlivePingTimeout = limits.KeepAlivePingTimeout;
        var raw = new RawConnections(options, calls.Active, calls.Open, log);
        foreach (RpcTcpEndpoint endpoint in options.Tcp)
        {
            var gate = new ConnectionGate(endpoint.Address.ToString(), limits.MaxTcpConnections, limits, log);
            kestrel.Listen(endpoint.Address, listen =>
            {
                Guard(listen, gate);
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    HandshakeTimeout = limits.HandshakeTimeout,
                    OnConnection = _ => ValueTask.FromResult(Harden(endpoint.Tls(), options.Raw)),
                });
                listen.Use(next => connection => raw.RunAsync(connection, next));
                listen.Use(next => connection => GatheredOutput.RunAsync(connection, next));
            });
        }
        foreach (string path in options.UnixSockets)
        {
            var gate = new ConnectionGate(path, limits.MaxUnixConnections, limits, log);
            kestrel.ListenUnixSocket(path, listen =>
            {
                Guard(listen, gate);
                listen.Use(next => connection => GatheredOutput.RunAsync(connection, next));
            });
        }
    }

    private static void Guard(ListenOptions listen, ConnectionGate gate)
    {
        listen.Protocols = HttpProtocols.Http2;
        listen.Use(next => connection => gate.RunAsync(connection, next));
    }

    private static SslServerAuthenticationOptions Harden(
        SslServerAuthenticationOptions tls, IReadOnlyList<RawProtocol> raw)
    {
        tls.ApplicationProtocols =
        [
            SslApplicationProtocol.Http2, .. raw.Select(r => new SslApplicationProtocol(r.Name)),
        ];
        // A resumed session may skip the check of the certificate.
        tls.AllowTlsResume = false;
        tls.AllowRenegotiation = false;
        tls.EnabledSslProtocols = TlsVersions.AtLeast12(tls.EnabledSslProtocols);
        return tls;
    }
}
