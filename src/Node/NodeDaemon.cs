using Microsoft.Extensions.Logging;
using Swarm.Manager.Control;
using Swarm.Manager.Metrics;
using Swarm.Rpc;

namespace Swarm.Node;

/// <summary>
/// One swarmd: holds the data directory's lock, serves the local socket, and runs this node's membership while it has
/// one.
/// </summary>
internal sealed class NodeDaemon : IAsyncDisposable
{
    private static readonly TimeSpan HandOverAtMost = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StopGrace = TimeSpan.FromMilliseconds(500);

    private readonly NodeParts _parts;
    private readonly FileStream _lock;
    private readonly Membership _membership;
    private RpcServer? _server;
    private MetricsServer? _metrics;

    private NodeDaemon(NodeParts parts, FileStream directoryLock)
    {
        _parts = parts;
        _lock = directoryLock;
        _membership = new Membership(parts);
    }

    /// <summary>Opens everything; a member goes on where it stopped.</summary>
    /// <exception cref="IOException">Another swarmd uses the data or the socket, or they cannot be written.</exception>
    internal static async Task<NodeDaemon> StartAsync(
        DaemonOptions options, ILoggerFactory loggers, CancellationToken ct)
    {
        PrivateDirectory(options.DataDir);
        PrivateDirectory(Path.GetDirectoryName(options.Socket)!);
        var directoryLock = Lock(new NodePaths(options.DataDir).Lock);
        var parts = await NodeParts.OpenAsync(options, loggers, ct).ConfigureAwait(false);
        var daemon = new NodeDaemon(parts, directoryLock);
        try
        {
            await daemon._membership.ResumeAsync(ct).ConfigureAwait(false);
            daemon._server = await RpcServer.StartAsync(
                new RpcServerOptions { UnixSockets = [options.Socket], Logging = loggers },
                [
                    new LocalNodeService(parts, daemon._membership).Build(),
                    new ControlService(daemon._membership.AnsweringManager, parts.RegistryOf).Build(),
                ],
                ct).ConfigureAwait(false);
            if (options.MetricsEndpoint() is { } metrics)
            {
                daemon._metrics = await MetricsServer.StartAsync(
                    metrics, () => daemon._membership.Member?.Manager, ct).ConfigureAwait(false);
            }

            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Runs until it is told to stop (null) or must end (the reason).</summary>
    internal async Task<Exception?> WaitAsync(CancellationToken stop)
    {
        var broken = _membership.Broken;
        await Task.WhenAny(broken, Task.Delay(Timeout.Infinite, stop)).ConfigureAwait(false);
        return broken.IsCompleted ? await broken.ConfigureAwait(false) : null;
    }

    /// <summary>Containers go on, unless the daemon was started with --stop-containers.</summary>
    public async ValueTask DisposeAsync()
    {
        // First of all, while everything still works: writes pause for a hand-over, not for an election.
        await _membership.HandOverAsync(HandOverAtMost).ConfigureAwait(false);
        if (_metrics is not null)
        {
            await _metrics.DisposeAsync().ConfigureAwait(false);
        }

        if (_server is not null)
        {
            await _server.StopAsync(StopGrace).ConfigureAwait(false);
        }

        await _membership.StopAsync(_parts.Options.StopContainers).ConfigureAwait(false);
        await _parts.DisposeAsync().ConfigureAwait(false);
        await _lock.DisposeAsync().ConfigureAwait(false);
    }

    private static FileStream Lock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"another swarmd uses {Path.GetDirectoryName(path)}; stop it, or use --data-dir", e);
        }
    }

    private static void PrivateDirectory(string path)
    {
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(path, mode);
        File.SetUnixFileMode(path, mode);
    }
}
