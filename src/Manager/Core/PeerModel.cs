using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>
/// Where the nodes and their subnets are, as a version that grows with every change. Kept once for all sessions: a
/// session remembers the version that it was sent last and gets what changed since, so that n nodes cost the leader n
/// rows and a change of one node costs each session one row.
/// </summary>
internal sealed class PeerModel
{
    /// <summary>Changes that are remembered; who is further behind gets everything.</summary>
    internal const int MaxRemembered = 20_000;

    private readonly SortedDictionary<NodeId, Peer> _peers = [];
    private readonly List<NodeId> _changed = [];
    private ulong _forgotten;

    internal PeerModel(ClusterState state) => Update(state, state.Nodes.Select(n => n.Key));

    /// <summary>Grows by one with every change.</summary>
    internal ulong Version => _forgotten + (ulong)_changed.Count;

    /// <summary>The log moved the state on.</summary>
    internal void Update(ClusterState state, Changes changes) => Update(
        state,
        // Another address pool moves all subnets.
        changes.Cluster ? [.. state.Nodes.Select(n => n.Key), .. _peers.Keys.ToList()]
        : changes.Nodes.Select(n => (n.After ?? n.Before)!.Id));

    /// <summary>What a session needs, which then has <see cref="Version"/>. Null when there is nothing to say and
    /// completeness was not asked for.</summary>
    internal PeerUpdate? Since(ulong since, NodeId self, bool complete)
    {
        if (complete || since < _forgotten)
        {
            var all = new PeerUpdate { Complete = true };
            all.Peers.AddRange(_peers.Where(p => p.Key != self).Select(p => p.Value));
            return all;
        }

        var update = new PeerUpdate();
        foreach (var id in _changed.Skip((int)(since - _forgotten)).Distinct().Where(id => id != self).Order())
        {
            if (_peers.TryGetValue(id, out var peer))
            {
                update.Peers.Add(peer);
            }
            else
            {
                update.RemovedNodeIds.Add(id.Value);
            }
        }

        return update.Peers.Count + update.RemovedNodeIds.Count > 0 ? update : null;
    }

    private void Update(ClusterState state, IEnumerable<NodeId> candidates)
    {
        foreach (var id in candidates)
        {
            var peer = Of(state, id);
            if (Equals(_peers.GetValueOrDefault(id), peer))
            {
                continue;
            }

            if (peer is null)
            {
                _peers.Remove(id);
            }
            else
            {
                _peers[id] = peer;
            }

            _changed.Add(id);
        }

        if (_changed.Count > MaxRemembered)
        {
            var old = _changed.Count - (MaxRemembered / 2);
            _changed.RemoveRange(0, old);
            _forgotten += (ulong)old;
        }
    }

    private static Peer? Of(ClusterState state, NodeId id) => state.Nodes.Get(id) is { Address.Length: > 0 } node
        ? new Peer { NodeId = id.Value, Address = node.Address, Subnet = Subnets.Of(state, id) }
        : null;
}
