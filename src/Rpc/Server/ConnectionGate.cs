using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Server;

/// <summary>
/// Stands before TLS at one endpoint: counts connections, refuses those beyond the limits and notes where each comes
/// from. Per endpoint, so that a flood on TCP does not lock the administrator out of the unix socket.
/// </summary>
internal sealed class ConnectionGate(string endpoint, int maxTotal, RpcServerLimits limits, ILogger log)
{
    private const int LogPauseMs = 10_000;
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, AddressUse> _addresses = [];
    private int _total;
    private long _loggedAt = -LogPauseMs;

    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var remote = connection.RemoteEndPoint as IPEndPoint;
        // All of a unix socket is one address: its callers are root or ourselves.
        IPAddress address = remote?.Address ?? IPAddress.None;
        if (Enter(address, remote is null) is not { } use)
        {
            LogRefusal(remote);
            connection.Abort(new ConnectionAbortedException("too many connections"));
            return;
        }
        try
        {
            connection.Features.Set(SourceOf(connection, remote, use.Budget));
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            Leave(address, use);
        }
    }

    private static PeerSource SourceOf(ConnectionContext connection, IPEndPoint? remote, MessageBudget budget) =>
        remote is not null
            ? new PeerSource(remote.ToString(), null, budget)
            : PeerSource.OfUnix(
                PeerProcess.Of(connection.Features.Get<IConnectionSocketFeature>()!.Socket), budget);

    private AddressUse? Enter(IPAddress address, bool isUnix)
    {
        lock (_lock)
        {
            if (_total >= maxTotal)
                return null;
            if (!_addresses.TryGetValue(address, out AddressUse? use))
            {
                use = new AddressUse(new MessageBudget(limits.MaxIncompleteBytesPerAddress));
                _addresses.Add(address, use);
            }
            if (!isUnix && use.Connections >= limits.MaxConnectionsPerAddress)
                return null;
            use.Connections++;
            _total++;
            return use;
        }
    }

    private void Leave(IPAddress address, AddressUse use)
    {
        lock (_lock)
        {
            _total--;
            if (--use.Connections == 0)
                _addresses.Remove(address);
        }
    }

    // A flood of connections must not become a flood of lines.
    private void LogRefusal(IPEndPoint? remote)
    {
        long now = Environment.TickCount64;
        long last = Interlocked.Read(ref _loggedAt);
        if (now - last >= LogPauseMs && Interlocked.CompareExchange(ref _loggedAt, now, last) == last)
            Log.ConnectionRefused(log, endpoint, remote?.ToString() ?? "unix");
    }

    private sealed class AddressUse(MessageBudget budget)
    {
        public MessageBudget Budget { get; } = budget;

        public int Connections { get; set; }
    }
}
