using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Swarm.Model;
using Swarm.Store;

namespace Swarm.Scheduler;

/// <summary>
/// How the tasks of one service lie on the nodes, and where it failed. Made by one look at every task and then
/// brought along by what changed; what a round has placed meanwhile is in it until the next state comes.
/// </summary>
internal sealed class ServiceSpread
{
    private readonly Dictionary<NodeId, Share> _byNode = [];
    private readonly Dictionary<TaskId, TaskRecord> _failed = [];
    private readonly List<NodeId> _placed = [];
    private readonly HashSet<SlotKey> _done = [];
    private PersistentDictionary<SlotKey, ImmutableArray<TaskId>> _old =
        PersistentDictionary<SlotKey, ImmutableArray<TaskId>>.Empty;

    private PersistentDictionary<SlotKey, ImmutableArray<TaskId>> _now =
        PersistentDictionary<SlotKey, ImmutableArray<TaskId>>.Empty;

    internal static ServiceSpread Of(ClusterState state, ServiceId service)
    {
        var spread = new ServiceSpread();
        foreach (var (_, ids) in state.SlotsOf(service))
        {
            spread.Count(state, ids, 1);
            foreach (var id in ids)
            {
                spread.CountFailure(null, state.Tasks[id]);
            }
        }

        return spread;
    }

    /// <summary>Nodes that have something.</summary>
    internal int Size => _byNode.Count;

    internal IEnumerable<KeyValuePair<NodeId, Share>> Shares => _byNode;

    internal ulong CopiesOn(NodeId node) =>
        _byNode.TryGetValue(node, out var share) ? (ulong)Math.Max(0, share.Copies) : 0;

    /// <summary>Failures of one spec version since a moment, by node.</summary>
    internal IEnumerable<NodeId> FailuresOf(ulong specVersion, DateTimeOffset since) => _failed.Values
        .Where(t => t.SpecVersion == specVersion && t.Status.AppliedAt > since).Select(t => t.NodeId);

    /// <summary>A task was placed; it is counted until the next state says what became of it.</summary>
    internal void Place(NodeId node)
    {
        _placed.Add(node);
        Add(node, 1, 1);
    }

    /// <summary>Before a state is followed: what was placed stands in it, or never was.</summary>
    internal void Forget()
    {
        foreach (var node in _placed)
        {
            Add(node, -1, -1);
        }

        _placed.Clear();
        _done.Clear();
        _old = _now = PersistentDictionary<SlotKey, ImmutableArray<TaskId>>.Empty;
    }

    /// <summary>Changes between two states follow.</summary>
    internal void Begin(StateDelta delta, ServiceId service) =>
        (_old, _now) = (delta.From.SlotsOf(service), delta.To.SlotsOf(service));

    internal void Follow(StateDelta delta, Change<TaskRecord> change)
    {
        var (before, after) = change;
        var key = (after ?? before!).Key;
        CountFailure(before, after);
        var old = _old.TryGetValue(key, out var had) ? had : [];
        var now = _now.TryGetValue(key, out var has) ? has : [];
        if (old.Length <= 1 && now.Length <= 1 && (before is null) == old.IsEmpty && (after is null) == now.IsEmpty)
        {
            // This task is all that there is in the slot, and was.
            Count(before, -1);
            Count(after, 1);
        }
        else if (_done.Add(key))
        {
            Count(delta.From, old, -1);
            Count(delta.To, now, 1);
        }
    }

    private void Count(TaskRecord? task, int sign)
    {
        if (task is { IsLive: true, NodeId.IsNone: false })
        {
            Add(task.NodeId, sign, sign);
        }
    }

    /// <summary>
    /// Only the newest wanted task of a slot counts for the spread: the one it replaces is on its way out and would
    /// push its successor to another node.
    /// </summary>
    private void Count(ClusterState state, ImmutableArray<TaskId> slot, int sign)
    {
        TaskRecord? newest = null;
        foreach (var id in slot)
        {
            var task = state.Tasks[id];
            if (!task.IsLive)
            {
                continue;
            }

            newest = task;
            if (!task.NodeId.IsNone)
            {
                Add(task.NodeId, 0, sign);
            }
        }

        if (newest is { NodeId.IsNone: false })
        {
            Add(newest.NodeId, sign, 0);
        }
    }

    private void Add(NodeId node, int slots, int copies)
    {
        ref var share = ref CollectionsMarshal.GetValueRefOrAddDefault(_byNode, node, out _);
        share = new Share(share.Slots + slots, share.Copies + copies);
        if (share == default)
        {
            _byNode.Remove(node);
        }
    }

    private void CountFailure(TaskRecord? before, TaskRecord? after)
    {
        if (after is { Status.State: TaskState.Failed or TaskState.Rejected, NodeId.IsNone: false })
        {
            _failed[after.Id] = after;
        }
        else if (before is { Status.State: TaskState.Failed or TaskState.Rejected })
        {
            _failed.Remove(before.Id);
        }
    }

    /// <summary>What one node has of the service.</summary>
    /// <param name="Slots">Slots whose newest wanted task is there.</param>
    /// <param name="Copies">Tasks that are wanted up, those about to be replaced included.</param>
    internal readonly record struct Share(int Slots, int Copies);
}
