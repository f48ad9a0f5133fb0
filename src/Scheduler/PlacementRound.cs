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
/// A group costs a look at each node and tasks × log(nodes), never tasks × nodes.
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

    /// <summary>A round over the nodes as they are in <paramref name="state"/>.</summary>
    public PlacementRound(ClusterState state, DateTimeOffset now)
    {
        (_state, _now) = (state, now);
        _candidates = [.. state.Nodes.Values.OrderBy(n => n.Id).Select(n => new Candidate(n, state.UsageOf(n.Id)))];
        _byId = _candidates.ToDictionary(c => c.Node.Id);
    }

    /// <summary>Places what it can.</summary>
    public GroupResult Place(PlacementGroup group)
    {
        var rules = PlacementRules.Of(group.Spec);
        var ports = HostPorts(group.Spec);
        CountService(group);
        var placements = ImmutableArray.CreateBuilder<Placement>(group.Tasks.Count);
        var unplaced = ImmutableArray.CreateBuilder<TaskRecord>();
        Confirm(group, rules, ports, (placements, unplaced));
        var open = group.Tasks.Where(t => t.NodeId.IsNone).ToList();
        if (open.Count == 0)
        {
            return new GroupResult(placements.ToImmutable(), unplaced.ToImmutable());
        }

        ImmutableArray<PortConfig>? got = null;
        bool Take(Candidate node) => node.JudgeCopy(rules, ports) == Verdict.Fits
            && (got = node.Take(rules, ports, IsIngress)) is not null;
        var tree = SpreadTree.Of(
            _candidates, c => c.Judge(rules, ports) == Verdict.Fits, rules, StableHash.Of(group.Service.Value));
        var next = 0;
        while (next < open.Count && tree.Place(Take) is { } node)
        {
            placements.Add(new Placement(open[next++].Id, node.Node.Id, got!.Value));
        }

        unplaced.AddRange(open.Skip(next));
        return new GroupResult(placements.ToImmutable(), unplaced.ToImmutable());
    }

    /// <summary>
    /// Why each unplaced task of a group has no node. Ask when all groups of the round are placed: what the others
    /// took belongs to the reason, and asked earlier the same text would change with the next round.
    /// </summary>
    public IEnumerable<Refusal> Explain(PlacementGroup group, GroupResult result)
    {
        var rules = PlacementRules.Of(group.Spec);
        var ports = HostPorts(group.Spec);
        CountService(group);
        foreach (var placement in result.Placements)
        {
            _byId[placement.Node].Copies++;
        }

        string? everywhere = null;
        foreach (var task in result.Unplaced)
        {
            if (task.NodeId.IsNone)
            {
                everywhere ??= Explanation.Of(_candidates.Select(c => Explained(c, rules, ports)));
                yield return new Refusal(task.Id, everywhere);
            }
            else if (_byId.TryGetValue(task.NodeId, out var node))
            {
                node.Copies--;
                yield return new Refusal(task.Id, Explanation.Of([Explained(node, rules, ports)]));
                node.Copies++;
            }
            else
            {
                yield return new Refusal(task.Id, "no suitable node (the task's node was removed)");
            }
        }
    }

    private static ImmutableArray<PortConfig> HostPorts(ServiceSpec spec) =>
        [.. (spec.Endpoint?.Ports ?? []).Where(p => !p.IsIngress())];

    private void Confirm(
        PlacementGroup group,
        PlacementRules rules,
        ImmutableArray<PortConfig> ports,
        (ImmutableArray<Placement>.Builder Placements, ImmutableArray<TaskRecord>.Builder Unplaced) results)
    {
        foreach (var task in group.Tasks.Where(t => !t.NodeId.IsNone))
        {
            if (!_byId.TryGetValue(task.NodeId, out var node))
            {
                results.Unplaced.Add(task);
                continue;
            }

            // The task itself is counted among those that are wanted up on its node.
            node.Copies--;
            node.Slots--;
            var verdict = node.Judge(rules, ports);
            if (verdict == Verdict.Fits && node.Take(rules, ports, IsIngress) is { } got)
            {
                results.Placements.Add(new Placement(task.Id, task.NodeId, got));
                continue;
            }

            results.Unplaced.Add(task);
        }
    }

    /// <summary>What fits but was not taken had no dynamic port left.</summary>
    private static Verdict Explained(Candidate node, PlacementRules rules, ImmutableArray<PortConfig> ports) =>
        node.Judge(rules, ports) is var verdict && verdict == Verdict.Fits ? Verdict.HostPort : verdict;

    private bool IsIngress(PortKey port) => _state.IngressPorts.ContainsKey(port);

    /// <summary>
    /// Only the newest wanted task of a slot counts for the spread: the one it replaces is on its way out and would
    /// push its successor to another node.
    /// </summary>
    private void CountService(PlacementGroup group)
    {
        _candidates.ForEach(c => c.BeginGroup());
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
                    node.Copies += task.IsLive ? 1UL : 0;
                    node.Failures += IsFailure(task, group.SpecVersion, since) ? 1 : 0;
                }
            }

            if (newest is { NodeId.IsNone: false } && _byId.TryGetValue(newest.NodeId, out var home))
            {
                home.Slots++;
            }
        }
    }

    private static bool IsFailure(TaskRecord task, ulong specVersion, DateTimeOffset since) =>
        task.SpecVersion == specVersion
        && task.Status.State is TaskState.Failed or TaskState.Rejected
        && task.Status.AppliedAt > since;
}
