using System.Security.Cryptography.X509Certificates;
using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Manager;

/// <summary>
/// Who may do what here: certificates as <see cref="PeerRoles"/> reads them with the present state. Open streams of a
/// node whose role changed are looked at again at once.
/// </summary>
internal sealed class PeerPolicy(
    ClusterStore store, IRaftView raft, Func<X509Certificate2?, string, PeerIdentity?> identify) : IDisposable
{
    private IDisposable? _subscription;

    /// <summary>Who calls; null = refused.</summary>
    internal PeerIdentity? Identify(X509Certificate2? certificate, string remoteAddress) =>
        identify(certificate, remoteAddress) is { } peer ? PeerRoles.Of(peer, store.Current) : null;

    /// <summary>Who brings Raft's messages; null = refused.</summary>
    internal PeerIdentity? IdentifyRaft(X509Certificate2? certificate, string remoteAddress) =>
        identify(certificate, remoteAddress) is { } peer && PeerRoles.MayTalkRaft(peer, store.Current, raft)
            ? peer
            : null;

    /// <summary>That node was removed: not even a handshake.</summary>
    internal bool IsRevoked(NodeId node) => PeerRoles.IsRevoked(node, store.Current, raft);

    /// <summary>From now on <paramref name="recheck"/> runs whenever a node lost a role.</summary>
    internal void Watch(Action recheck) => _subscription = store.Subscribe(
        step =>
        {
            if (step.Changes.Nodes.Any(n => n.After is null || (n.Before is not null && n.Before.Role != n.After.Role)))
            {
                // Not on the raft thread: it looks at every open stream.
                ThreadPool.UnsafeQueueUserWorkItem(static run => run(), recheck, preferLocal: false);
            }
        },
        out _);

    public void Dispose() => _subscription?.Dispose();
}
