using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Swarm.Rpc.Tests;

/// <summary>A server with the probe on a unix socket and on TCP with mTLS, and all that belongs to it.</summary>
internal sealed class ProbeHost : IAsyncDisposable
{
    private readonly List<RpcChannel> _channels = [];

    private ProbeHost(RpcServer server, ProbeService probe, TestPki pki, string directory)
    {
        Server = server;
        Probe = probe;
        Pki = pki;
        Directory = directory;
    }

    public RpcServer Server { get; }

    public ProbeService Probe { get; }

    public TestPki Pki { get; }

    public string Directory { get; }

    public string SocketPath => Path.Combine(Directory, "rpc.sock");

    public int Port => Server.TcpEndpoints[0].Port;

    public static async Task<ProbeHost> StartAsync(
        RpcServerLimits? limits = null, ILoggerFactory? logging = null, params RawProtocol[] raw)
    {
        string directory = System.IO.Directory.CreateTempSubdirectory("swarm-rpc-").FullName;
        var pki = new TestPki();
        var probe = new ProbeService();
        var options = new RpcServerOptions
        {
            UnixSockets = [Path.Combine(directory, "rpc.sock")],
            Tcp = [new RpcTcpEndpoint(new(IPAddress.Loopback, 0), pki.ServerTls(pki.Issue("server", "manager")))],
            Raw = raw,
            Identify = TestPki.Identify,
            Limits = limits ?? new RpcServerLimits(),
        };
        if (logging is not null)
            options = options with { Logging = logging };
        RpcServer server = await RpcServer.StartAsync(options, probe.Services(), default);
        return new ProbeHost(server, probe, pki, directory);
    }

    public RpcChannel Unix(RpcChannelOptions? options = null) => Keep(RpcChannel.ForUnixSocket(SocketPath, options));

    /// <param name="role">manager, worker; null: no certificate.</param>
    /// <param name="node">The CN.</param>
    public RpcChannel Tcp(string? role = "manager", string node = "n1")
    {
        X509Certificate2? own = role is null ? null : Pki.Issue(node, role);
        return Keep(RpcChannel.ForTcp("127.0.0.1", Port, Pki.ClientTls(own)));
    }

    /// <summary>Over "unix" or "tcp".</summary>
    public RpcChannel Over(string transport) => transport == "unix" ? Unix() : Tcp();

    public async ValueTask DisposeAsync()
    {
        foreach (RpcChannel channel in _channels)
        {
            await channel.DisposeAsync();
        }
        await Server.DisposeAsync();
        Pki.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private RpcChannel Keep(RpcChannel channel)
    {
        _channels.Add(channel);
        return channel;
    }
}
