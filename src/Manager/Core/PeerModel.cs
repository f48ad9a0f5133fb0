using Google.Protobuf.Collections;
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
    private Shared? _shared;
    private (RepeatedField<Peer> Rows, NodeId[] Ids)? _all;

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
            return All(self);
        }

        if (since == Version)
        {
            return null;
        }

        // Nearly all sessions are at the same version: they get the same message.
        if (_shared?.Since != since || _shared.Version != Version)
        {
            var changed = _changed.Skip((int)(since - _forgotten)).ToHashSet();
            _shared = new Shared(since, Version, changed, Difference(changed));
        }

        var update = _shared.Changed.Contains(self)
            ? Difference(_shared.Changed.Where(id => id != self))
            : _shared.Update;
        return update.Peers.Count + update.RemovedNodeIds.Count > 0 ? update : null;
    }

    /// <summary>Everybody else: a copy of the rows, which are put together once for all that ask.</summary>
    private PeerUpdate All(NodeId self)
    {
        _all ??= ([.. _peers.Values], [.. _peers.Keys]);
        var update = new PeerUpdate { Complete = true };
        update.Peers.AddRange(_all.Value.Rows);
        var at = Array.BinarySearch(_all.Value.Ids, self);
        if (at >= 0)
        {
            update.Peers.RemoveAt(at);
        }

        return update;
    }

    private PeerUpdate Difference(IEnumerable<NodeId> changed)
    {
        var update = new PeerUpdate();
        foreach (var id in changed.Order())
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

        return update;
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
            _all = null;
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

    /// <summary>What sessions get that were sent one version and are to have another; nobody changes it.</summary>
    private sealed record Shared(ulong Since, ulong Version, HashSet<NodeId> Changed, PeerUpdate Update);
}
