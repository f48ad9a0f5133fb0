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

/// <summary>A task has its node and the host ports it binds there.</summary>
public readonly record struct Placement(TaskId Task, NodeId Node, ImmutableArray<PortConfig> HostPorts);

/// <summary>Every task of the group stands in one of the two.</summary>
public sealed record GroupResult(ImmutableArray<Placement> Placements, ImmutableArray<TaskRecord> Unplaced);

/// <summary>Why a task has no node.</summary>
public readonly record struct Refusal(TaskId Task, string Explanation);

/// <summary>
/// One pass of the scheduler over a state. Groups are placed one after the other and see what those before them took.
/// A group costs a look at the nodes that it uses or that refuse it and tasks × log(nodes), never tasks × nodes.
/// </summary>
public sealed class PlacementRound
{
    /// <summary>Failures that put a node behind all others (behaviour.md I).</summary>
    public const int FaultyAfterFailures = 5;

    /// <summary>How long a failure counts, in minutes.</summary>
    public const int FaultyMinutes = 5;

    private readonly ClusterState _state;
    private readonly DateTimeOffset _now;
    private readonly List<Candidate> _candidates;
    private readonly Dictionary<NodeId, Candidate> _byId;
    private readonly Dictionary<string, SpreadTree> _trees = new(StringComparer.Ordinal);
    private readonly HashSet<Candidate> _counted = [];

    /// <summary>A round over the nodes as they are in <paramref name="state"/>.</summary>
    public PlacementRound(ClusterState state, DateTimeOffset now)
    {
        (_state, _now) = (state, now);
        _candidates = new List<Candidate>(state.Nodes.Count);
        _byId = new Dictionary<NodeId, Candidate>(state.Nodes.Count);
        foreach (var (id, node) in state.Nodes)
        {
            var candidate = new Candidate(node, state.UsageOf(id));
            _candidates.Add(candidate);
            _byId.Add(id, candidate);
        }
    }

    /// <summary>Places what it can.</summary>
    public GroupResult Place(PlacementGroup group)
    {
        var asks = new GroupAsks(group, IsIngress);
        CountService(group);
        var placements = ImmutableArray.CreateBuilder<Placement>(group.Tasks.Count);
        var unplaced = ImmutableArray.CreateBuilder<TaskRecord>();
        var open = Confirm(group, asks, (placements, unplaced));
        Spread(open, asks, (placements, unplaced));
        asks.Settle();
        _counted.UnionWith(asks.Taken);
        return new GroupResult(placements.ToImmutable(), unplaced.ToImmutable());
    }

    /// <summary>
    /// Why each unplaced task of a group has no node. Ask when all groups of the round are placed: what the others
    /// took belongs to the reason, and asked earlier the same text would change with the next round.
    /// </summary>
    public IEnumerable<Refusal> Explain(PlacementGroup group, GroupResult result)
    {
        var asks = new GroupAsks(group, IsIngress);
        CountService(group);
        foreach (var placement in result.Placements)
        {
            Counted(_byId[placement.Node]).Copies++;
        }

        string? everywhere = null;
        foreach (var task in result.Unplaced)
        {
            if (task.NodeId.IsNone)
            {
                everywhere ??= Explanation.Of(_candidates.Select(c => Explained(c, asks)));
                yield return new Refusal(task.Id, everywhere);
            }
            else if (_byId.TryGetValue(task.NodeId, out var node))
            {
                node.Copies--;
                yield return new Refusal(task.Id, Explanation.Of([Explained(node, asks)]));
                node.Copies++;
            }
            else
            {
                yield return new Refusal(task.Id, "no suitable node (the task's node was removed)");
            }
        }
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

            if (!_byId.TryGetValue(task.NodeId, out var node))
            {
                results.Unplaced.Add(task);
                continue;
            }

            // The task itself is counted among those that are wanted up on its node.
            node.Copies--;
            node.Slots--;
            if (asks.Admits(node) && asks.TryTake(node))
            {
                results.Placements.Add(new Placement(task.Id, task.NodeId, asks.Got));
                continue;
            }

            results.Unplaced.Add(task);
        }

        return open;
    }

    private void Spread(
        List<TaskRecord> open,
        GroupAsks asks,
        (ImmutableArray<Placement>.Builder Placements, ImmutableArray<TaskRecord>.Builder Unplaced) results)
    {
        if (open.Count == 0)
        {
            return;
        }

        var walk = new SpreadWalk(TreeOf(asks.Labels), [.. _counted.Where(c => c.IsKnown)], asks);
        var next = 0;
        while (next < open.Count && walk.Place() is { } node)
        {
            results.Placements.Add(new Placement(open[next++].Id, node.Node.Id, asks.Got));
        }

        results.Unplaced.AddRange(open.Skip(next));
    }

    private SpreadTree TreeOf(ImmutableArray<SpreadLabel> labels)
    {
        var key = string.Join('\n', labels);
        if (!_trees.TryGetValue(key, out var tree))
        {
            _trees[key] = tree = SpreadTree.Of(_candidates, labels);
        }

        return tree;
    }

    /// <summary>What fits but was not taken had no dynamic port left.</summary>
    private static Verdict Explained(Candidate node, GroupAsks asks) =>
        asks.Judge(node) is var verdict && verdict == Verdict.Fits ? Verdict.HostPort : verdict;

    private bool IsIngress(PortKey port) => _state.IngressPorts.ContainsKey(port);

    /// <summary>
    /// Only the newest wanted task of a slot counts for the spread: the one it replaces is on its way out and would
    /// push its successor to another node.
    /// </summary>
    private void CountService(PlacementGroup group)
    {
        foreach (var candidate in _counted)
        {
            candidate.BeginGroup();
        }

        _counted.Clear();
        var since = _now.AddMinutes(-FaultyMinutes);
        foreach (var (_, slot) in _state.SlotsOf(group.Service))
        {
            TaskRecord? newest = null;
            foreach (var id in slot)
            {
                var task = _state.Tasks[id];
                if (task.IsLive)
                {
                    newest = task;
                }

                if (!task.NodeId.IsNone && _byId.TryGetValue(task.NodeId, out var node))
                {
                    Counted(node).Copies += task.IsLive ? 1UL : 0;
                    node.Failures += IsFailure(task, group.SpecVersion, since) ? 1 : 0;
                }
            }

            if (newest is { NodeId.IsNone: false } && _byId.TryGetValue(newest.NodeId, out var home))
            {
                Counted(home).Slots++;
            }
        }
    }

    private Candidate Counted(Candidate node)
    {
        _counted.Add(node);
        return node;
    }

    private static bool IsFailure(TaskRecord task, ulong specVersion, DateTimeOffset since) =>
        task.SpecVersion == specVersion
        && task.Status.State is TaskState.Failed or TaskState.Rejected
        && task.Status.AppliedAt > since;
}
