using System.Collections.Frozen;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Swarm.Rpc.Server;

namespace Swarm.Rpc;

/// <summary>A gRPC server on any number of TLS endpoints and unix sockets.</summary>
public sealed class RpcServer : IAsyncDisposable
{
    /// <summary>How long calls may take to notice that they were cancelled, in milliseconds.</summary>
    public const int CancelledCallsTimeoutMs = 2_000;

    /// <summary>How long connections get to close in order, in milliseconds.</summary>
    public const int CloseTimeoutMs = 500;

    private readonly WebApplication _app;
    private readonly ActiveCalls _active;
    private readonly OpenStreams _open;
    private int _stopped;

    private RpcServer(WebApplication app, ActiveCalls active, OpenStreams open)
    {
        _app = app;
        _active = active;
        _open = open;
    }

    /// <summary>Where TCP connections are taken, with the actual ports, in the order of the options.</summary>
    public IReadOnlyList<IPEndPoint> TcpEndpoints { get; private set; } = [];

    /// <exception cref="RpcConfigurationException">Handlers and descriptors do not fit, or a socket path cannot be
    /// used. Lists all faults.</exception>
    /// <exception cref="IOException">An address is in use.</exception>
    public static async Task<RpcServer> StartAsync(
        RpcServerOptions options, IReadOnlyList<RpcService> services, CancellationToken ct)
    {
        FrozenDictionary<string, BoundMethod> methods = MethodTable.Build(services);
        foreach (string path in options.UnixSockets)
        {
            UnixSocketFile.Prepare(path);
        }
        ILogger log = options.Logging.CreateLogger("Swarm.Rpc");
        var active = new ActiveCalls();
        var gate = new CallGate(methods, options, Native.EffectiveUid(), log);
        var open = new OpenStreams();
        var dispatcher = new CallDispatcher(gate, active, open, options.Limits, log);
        var server = new RpcServer(BuildApp(options, dispatcher, (active, open), log), active, open);
        try
        {
            await server.ListenAsync(options, ct).ConfigureAwait(false);
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        Log.Serving(log, methods.Count, string.Join(
            ", ", server.TcpEndpoints.Select(e => e.ToString()).Concat(options.UnixSockets)));
        return server;
    }

    /// <summary>
    /// Asks <see cref="RpcServerOptions.Identify"/> again for every open stream, and ends those whose callers may not
    /// have them any more. For the moment at which somebody lost a role.
    /// </summary>
    public void RecheckPeers() => _open.Recheck();

    /// <summary>
    /// New calls and all streams end with UNAVAILABLE at once; unary calls may finish within
    /// <paramref name="grace"/>; then everything is cancelled and the connections are closed.
    /// </summary>
    public async Task StopAsync(TimeSpan grace)
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
        {
            return;
        }
        await _active.StopAsync(grace, TimeSpan.FromMilliseconds(CancelledCallsTimeoutMs)).ConfigureAwait(false);
        using var close = new CancellationTokenSource(CloseTimeoutMs);
        await _app.StopAsync(close.Token).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero).ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        _active.Dispose();
    }

    private static WebApplication BuildApp(
        RpcServerOptions options, CallDispatcher dispatcher, (ActiveCalls Active, OpenStreams Open) calls, ILogger log)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<ILoggerFactory>(new WarningsOnly(options.Logging));
        // The process owns SIGTERM, not the server.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore();
        // What was read is handed on, and what is answered is sent, on the thread that has it: two changes of thread
        // less a message. Calls still run on threads of their own (HTTP/2 dispatches them).
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.WebHost.ConfigureKestrel(kestrel => KestrelSetup.Apply(kestrel, options, calls, log));
        WebApplication app = builder.Build();
        app.Run(dispatcher.HandleAsync);
        return app;
    }

    private async Task ListenAsync(RpcServerOptions options, CancellationToken ct)
    {
        await _app.StartAsync(ct).ConfigureAwait(false);
        foreach (string path in options.UnixSockets)
        {
            UnixSocketFile.Protect(path);
        }
        ICollection<string> addresses = _app.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses;
        TcpEndpoints = [.. addresses
            .Where(a => !a.Contains("://unix:", StringComparison.Ordinal))
            .Select(a => IPEndPoint.Parse(a[(a.IndexOf("://", StringComparison.Ordinal) + 3)..]))];
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
