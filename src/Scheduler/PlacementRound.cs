using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Scheduler;

/// <summary>Tasks of one service and spec version, alike for the scheduler.</summary>
/// <param name="Service">Whose tasks.</param>
/// <param name="Spec">What they were made from.</param>
/// <param name="SpecVersion">Its version.</param>
/// <param name="Tasks">Waiting: without a node, or with one that has to be confirmed.</param>
public sealed record PlacementGroup(
    ServiceId Service, ServiceSpec Spec, ulong SpecVersion, IReadOnlyList<TaskRecord> Tasks);

/// <summary>A task has its node, the host ports it binds there, and its share of generic resources.</summary>
public readonly record struct Placement(
    TaskId Task, NodeId Node, ImmutableArray<PortConfig> HostPorts, ImmutableArray<GenericResource> Generic);

/// <summary>Every task of the group stands in one of the two.</summary>
public sealed record GroupResult(ImmutableArray<Placement> Placements, ImmutableArray<TaskRecord> Unplaced);

/// <summary>Why a task has no node.</summary>
public readonly record struct Refusal(TaskId Task, string Explanation);

/// <summary>
/// The scheduler over a state. Groups are placed one after the other and see what those before them took. A group
/// costs a look at the nodes that it uses or that refuse it and tasks × log(nodes), never tasks × nodes; the next
/// state costs what changed (<see cref="Follow"/>).
/// </summary>
public sealed class PlacementRound
{
    /// <summary>Failures that put a node behind all others (behaviour.md I).</summary>
    public const int FaultyAfterFailures = 5;

    /// <summary>How long a failure counts, in minutes.</summary>
    public const int FaultyMinutes = 5;

    private readonly Fleet _fleet = new();
    private readonly SpreadBook _spreads = new();
    private readonly HashSet<Candidate> _touched = [];
    private readonly List<Candidate> _counted = [];
    private ClusterState _state = ClusterState.Empty;
    private DateTimeOffset _now;
    private long _looks;

    /// <summary>Before any state.</summary>
    public PlacementRound()
    {
    }

    /// <summary>A round over the nodes as they are in <paramref name="state"/>.</summary>
    public PlacementRound(ClusterState state, DateTimeOffset now) =>
        Follow(StateDelta.Between(ClusterState.Empty, state), now);

    /// <summary>Tasks that were looked at so far, each look counted.</summary>
    public long Looks => _looks + _spreads.Looks;

    /// <summary>How many nodes there are.</summary>
    public int Nodes => _state.Nodes.Count;

    /// <summary>
    /// Goes on to another state. What was placed here counts no more, only what stands in the state.
    /// </summary>
    public void Follow(StateDelta delta, DateTimeOffset now)
    {
        Invariant.Check(ReferenceEquals(delta.From, _state));
        (_state, _now) = (delta.To, now);
        _fleet.Follow(delta, _touched);
        _touched.Clear();
        _spreads.Follow(delta);
    }

    /// <summary>Places what it can.</summary>
    public GroupResult Place(PlacementGroup group)
    {
        var asks = new GroupAsks(group, IsIngress);
        var spread = _spreads.Of(group.Service);
        var isLater = HasEmptyNodes(group, asks, spread);
        if (!isLater)
        {
            Load(spread, group.SpecVersion);
        }

        var placements = ImmutableArray.CreateBuilder<Placement>(group.Tasks.Count);
        var unplaced = ImmutableArray.CreateBuilder<TaskRecord>();
        var open = Confirm(group, asks, (placements, unplaced));
        Spread(open, asks, spread, isLater, (placements, unplaced));
        _spreads.Moves(spread);
        asks.Settle();
        foreach (var node in asks.Taken)
        {
            _touched.Add(node);
            _fleet.NoteChange(node);
        }

        Unload(asks);
        _looks += group.Tasks.Count;
        return new GroupResult(placements.DrainToImmutable(), unplaced.DrainToImmutable());
    }

    /// <summary>
    /// Why nodes refuse the unplaced tasks of a group. Ask when all groups of the round are placed: what the others
    /// took belongs to the reason, and asked earlier the same text would change with the next round.
    /// </summary>
    public RefusedGroup Refuse(PlacementGroup group, GroupResult result)
    {
        var pinned = new HashSet<int>();
        foreach (var task in result.Unplaced)
        {
            if (!task.NodeId.IsNone && _fleet.TryGet(task.NodeId, out var node))
            {
                pinned.Add(node.Index);
            }
        }

        var refused = new RefusedGroup(
            _fleet, new GroupAsks(group, IsIngress), () => _spreads.Of(group.Service),
            result.Unplaced.Any(t => t.NodeId.IsNone) ? null : pinned);
        refused.Holds();
        return refused;
    }

    /// <summary>Why each unplaced task of a group has no node.</summary>
    public IEnumerable<Refusal> Explain(PlacementGroup group, GroupResult result) =>
        Explain(group, result.Unplaced, Refuse(group, result));

    /// <summary>As above, when it is known already why nodes refuse the group.</summary>
    public IEnumerable<Refusal> Explain(PlacementGroup group, IEnumerable<TaskRecord> unplaced, RefusedGroup refused)
    {
        var asks = new GroupAsks(group, IsIngress);
        var everywhere = refused.Why;
        foreach (var task in unplaced)
        {
            _looks++;
            yield return new Refusal(task.Id, task.NodeId.IsNone ? everywhere : Pinned(task, asks));
        }
    }

    private string Pinned(TaskRecord task, GroupAsks asks)
    {
        if (!_fleet.TryGet(task.NodeId, out var node))
        {
            return "no suitable node (the task's node was removed)";
        }

        // The task itself is counted among those that are wanted up on its node.
        var others = Math.Max(1, _spreads.Of(task.ServiceId).CopiesOn(task.NodeId)) - 1;
        var verdict = asks.Judge(node, others);
        // What fits but was not taken had no dynamic port left.
        return Explanation.Of(verdict == Verdict.Fits ? Verdict.HostPort : verdict);
    }

    /// <summary>Tasks that have a node already, those of global services: it takes them or they wait.</summary>
    private List<TaskRecord> Confirm(
        PlacementGroup group,
        GroupAsks asks,
        (ImmutableArray<Placement>.Builder Placements, ImmutableArray<TaskRecord>.Builder Unplaced) results)
    {
        var open = new List<TaskRecord>(group.Tasks.Count);
        foreach (var task in group.Tasks)
        {
            if (task.NodeId.IsNone)
            {
                open.Add(task);
                continue;
            }

            if (!_fleet.TryGet(task.NodeId, out var node))
            {
                results.Unplaced.Add(task);
                continue;
            }

            // The task itself is counted among those that are wanted up on its node.
            node.Copies--;
            node.Slots--;
            if (asks.Admits(node) && asks.TryTake(node))
            {
                results.Placements.Add(new Placement(task.Id, task.NodeId, asks.Got, asks.GotGeneric));
                continue;
            }

            results.Unplaced.Add(task);
        }

        return open;
    }

    private void Spread(
        List<TaskRecord> open,
        GroupAsks asks,
        ServiceSpread spread,
        bool isLater,
        (ImmutableArray<Placement>.Builder Placements, ImmutableArray<TaskRecord>.Builder Unplaced) results)
    {
        if (open.Count == 0)
        {
            return;
        }

        List<Candidate> LoadLater()
        {
            Load(spread, asks.SpecVersion);
            return Known();
        }

        var walk = new SpreadWalk(_fleet.TreeOf(asks.Rules), Known(), asks)
        {
            Later = isLater ? LoadLater : null,
        };
        var next = 0;
        while (next < open.Count && walk.Place() is { } node)
        {
            results.Placements.Add(new Placement(open[next++].Id, node.Node.Id, asks.Got, asks.GotGeneric));
            spread.Place(node);
        }

        for (; next < open.Count; next++)
        {
            results.Unplaced.Add(open[next]);
        }
    }

    private List<Candidate> Known() => _counted.FindAll(static c => c.IsKnown);

    /// <summary>
    /// As many nodes without any task as the group has tasks: nobody has to look at those that have something of the
    /// service, however many they are, unless some of the empty ones do not fit.
    /// </summary>
    private bool HasEmptyNodes(PlacementGroup group, GroupAsks asks, ServiceSpread spread)
    {
        foreach (var task in group.Tasks)
        {
            if (!task.NodeId.IsNone)
            {
                return false;
            }
        }

        return !spread.FailuresOf(group.SpecVersion, _now.AddMinutes(-FaultyMinutes)).Any()
            && _fleet.TreeOf(asks.Rules).Pool is { Levels: > 0 } pool && pool.At(0).Count >= group.Tasks.Count;
    }

    private bool IsIngress(PortKey port) => _state.IngressPorts.ContainsKey(port);

    /// <summary>Puts what the service has on each node where the walk sees it.</summary>
    private void Load(ServiceSpread spread, ulong specVersion)
    {
        foreach (var share in spread.Shares)
        {
            if (share.Node is not { IsGone: false } node)
            {
                if (!_fleet.TryGet(share.Id, out node))
                {
                    continue;
                }

                share.Node = node;
            }

            if (node.IsTaken)
            {
                // By this group, which found it without a task: it counts what it has.
                continue;
            }

            (node.Slots, node.Copies, node.Share) = (share.Slots, (ulong)Math.Max(0, share.Copies), share);
            _counted.Add(node);
        }

        foreach (var id in spread.FailuresOf(specVersion, _now.AddMinutes(-FaultyMinutes)))
        {
            if (_fleet.TryGet(id, out var node))
            {
                node.Failures++;
                if (node is { Slots: 0, Copies: 0, Failures: 1 })
                {
                    _counted.Add(node);
                }
            }
        }
    }

    private void Unload(GroupAsks asks)
    {
        foreach (var node in _counted)
        {
            node.BeginGroup();
        }

        foreach (var node in asks.Taken)
        {
            node.BeginGroup();
        }

        _counted.Clear();
    }
}
