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
    private readonly List<Share> _placed = [];
    private readonly List<Share> _emptied = [];
    private readonly CrowdedSlots _crowded = new();

    internal static ServiceSpread Of(ClusterState state, ServiceId service)
    {
        var spread = new ServiceSpread();
        foreach (var (key, ids) in state.SlotsOf(service))
        {
            spread._crowded.Add(key, ids);
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

    internal IEnumerable<Share> Shares => _byNode.Values;

    internal ulong CopiesOn(NodeId node) =>
        _byNode.TryGetValue(node, out var share) ? (ulong)Math.Max(0, share.Copies) : 0;

    /// <summary>Failures of one spec version since a moment, by node.</summary>
    internal IEnumerable<NodeId> FailuresOf(ulong specVersion, DateTimeOffset since) => _failed.Count == 0 ? []
        : _failed.Values.Where(t => t.SpecVersion == specVersion && t.Status.AppliedAt > since).Select(t => t.NodeId);

    /// <summary>A task was placed; it is counted until the next state says what became of it.</summary>
    internal void Place(Candidate node)
    {
        var share = node.Share ??= ShareOf(node.Node.Id);
        _placed.Add(share);
        Add(share, 1, 1);
    }

    /// <summary>Before a state is followed: what was placed stands in it, or never was.</summary>
    internal void Forget()
    {
        foreach (var share in _placed)
        {
            Add(share, -1, -1);
        }

        _placed.Clear();
    }

    /// <summary>After a state was followed: nodes that have nothing any more.</summary>
    internal void Sweep()
    {
        foreach (var share in _emptied)
        {
            if (share is { Slots: 0, Copies: 0 })
            {
                _byNode.Remove(share.Id);
            }
        }

        _emptied.Clear();
    }

    internal void Follow(StateDelta delta, ServiceDelta service)
    {
        _crowded.Begin(service);
        foreach (var (before, after) in service.Tasks)
        {
            CountFailure(before, after);
            var key = (after ?? before!).Key;
            if (!_crowded.Has(key))
            {
                Move(NodeOf(before), NodeOf(after));
                continue;
            }

            var now = service.After.TryGetValue(key, out var has) ? has : [];
            if (_crowded.TryVisit(key, now.Length))
            {
                Count(delta.From, service.Before.TryGetValue(key, out var had) ? had : [], -1);
                Count(delta.To, now, 1);
            }
        }
    }

    /// <summary>Where a task counts that is alone in its slot.</summary>
    private static NodeId NodeOf(TaskRecord? task) => task is { IsLive: true } ? task.NodeId : default;

    private void Move(NodeId from, NodeId to)
    {
        if (from == to)
        {
            return;
        }

        if (!from.IsNone)
        {
            Add(ShareOf(from), -1, -1);
        }

        if (!to.IsNone)
        {
            Add(ShareOf(to), 1, 1);
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
                Add(ShareOf(task.NodeId), 0, sign);
            }
        }

        if (newest is { NodeId.IsNone: false })
        {
            Add(ShareOf(newest.NodeId), sign, 0);
        }
    }

    private Share ShareOf(NodeId node)
    {
        ref var share = ref CollectionsMarshal.GetValueRefOrAddDefault(_byNode, node, out _);
        return share ??= new Share(node);
    }

    private void Add(Share share, int slots, int copies)
    {
        share.Slots += slots;
        share.Copies += copies;
        if (share is { Slots: 0, Copies: 0 })
        {
            _emptied.Add(share);
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
    internal sealed class Share(NodeId id)
    {
        internal NodeId Id => id;

        /// <summary>The node; null before it was looked for, or when there is none of this id.</summary>
        internal Candidate? Node { get; set; }

        /// <summary>Slots whose newest wanted task is there.</summary>
        internal int Slots { get; set; }

        /// <summary>Tasks that are wanted up, those about to be replaced included.</summary>
        internal int Copies { get; set; }
    }
}
