using System.Net.Security;
using Swarm.Model;
using Swarm.Raft;

namespace Swarm.Manager;

/// <summary>
/// Carries Raft messages to the other managers, one <see cref="RaftLink"/> each. Messages may be lost (queue full,
/// connection broken): Raft sends again what matters.
/// </summary>
internal sealed class RaftTransport(Func<SslClientAuthenticationOptions> tls, ManagerLog log)
    : IRaftTransport, IAsyncDisposable
{
    /// <summary>A link that nothing was sent on for this time is closed: its manager is none any more.</summary>
    private const long MaxIdleMs = 10 * 60_000;

    private readonly Dictionary<string, Peer> _peers = [];
    private readonly Lock _gate = new();
    private bool _stopped;

    /// <inheritdoc/>
    public void Send(RaftMember to, RaftMessage message)
    {
        lock (_gate)
        {
            if (_stopped)
                return;
            if (!_peers.TryGetValue(to.Address, out var peer))
            {
                CloseIdle();
                peer = new Peer(new RaftLink(HostPort.Parse(to.Address), tls, log));
                _peers[to.Address] = peer;
            }

            peer.UsedAtMs = Environment.TickCount64;
            peer.Link.Send(message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Peer[] all;
        lock (_gate)
        {
            _stopped = true;
            all = [.. _peers.Values];
        }

        await Task.WhenAll(all.Select(p => Task.Run(p.Link.Dispose))).ConfigureAwait(false);
    }

    private void CloseIdle()
    {
        var now = Environment.TickCount64;
        foreach (var (address, peer) in _peers.Where(p => now - p.Value.UsedAtMs > MaxIdleMs).ToList())
        {
            _peers.Remove(address);
            _ = Task.Run(peer.Link.Dispose);
        }
    }

    private sealed class Peer(RaftLink link)
    {
        internal RaftLink Link { get; } = link;

        internal long UsedAtMs { get; set; }
    }
}
