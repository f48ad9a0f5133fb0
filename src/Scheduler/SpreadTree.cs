using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Store;

namespace Swarm.Scheduler;

/// <summary>
/// Nodes by the values of the spread labels, one level a label; without preferences a single leaf. Each task goes
/// down to the branch with the fewest slots of the service that can still take one, so branches even out whatever
/// their size; a node without the label belongs to the branch "".
/// </summary>
internal sealed class SpreadTree
{
    private readonly PriorityQueue<SpreadTree, (int Slots, uint Tie)>? _branches;
    private readonly PriorityQueue<Candidate, Rank>? _nodes;
    private readonly uint _service;
    private int _slots;

    private SpreadTree(IReadOnlyList<Candidate> all, Func<Candidate, bool> fits, Levels levels)
    {
        _service = levels.Service;
        _slots = all.Sum(c => c.Slots);
        if (levels.Labels.IsEmpty)
        {
            _nodes = new PriorityQueue<Candidate, Rank>(
                all.Where(fits).Select(c => (c, c.RankFor(levels.Service))));
            return;
        }

        var label = levels.Labels[0];
        var below = levels with { Labels = levels.Labels.RemoveAt(0) };
        _branches = new PriorityQueue<SpreadTree, (int Slots, uint Tie)>();
        foreach (var branch in all.GroupBy(c => Value(c.Node, label), StringComparer.Ordinal))
        {
            var tie = StableHash.Combine(levels.Service, StableHash.Of(branch.Key));
            var tree = new SpreadTree([.. branch], fits, below) { Tie = tie };
            _branches.Enqueue(tree, (tree._slots, tie));
        }
    }

    private uint Tie { get; init; }

    internal static SpreadTree Of(
        IReadOnlyList<Candidate> all, Func<Candidate, bool> fits, PlacementRules rules, uint service) =>
        new(all, fits, new Levels(rules.Spread, service));

    /// <summary>The best node that <paramref name="take"/> could use; null when no node is left.</summary>
    internal Candidate? Place(Func<Candidate, bool> take)
    {
        var found = _nodes is not null ? PlaceOnNode(_nodes, take) : PlaceInBranch(_branches!, take);
        _slots += found is null ? 0 : 1;
        return found;
    }

    private Candidate? PlaceOnNode(PriorityQueue<Candidate, Rank> nodes, Func<Candidate, bool> take)
    {
        while (nodes.TryPeek(out var best, out _))
        {
            if (take(best))
            {
                nodes.DequeueEnqueue(best, best.RankFor(_service));
                return best;
            }

            // It is full for this group: nothing in the group's round frees anything.
            nodes.Dequeue();
        }

        return null;
    }

    private static Candidate? PlaceInBranch(
        PriorityQueue<SpreadTree, (int Slots, uint Tie)> branches, Func<Candidate, bool> take)
    {
        while (branches.TryPeek(out var branch, out _))
        {
            if (branch.Place(take) is { } found)
            {
                branches.DequeueEnqueue(branch, (branch._slots, branch.Tie));
                return found;
            }

            branches.Dequeue();
        }

        return null;
    }

    private static string Value(NodeRecord node, (bool Engine, string Label) label)
    {
        var labels = label.Engine ? node.Description?.EngineLabels : node.Spec.Labels;
        return labels is not null && labels.TryGetValue(label.Label, out var value) ? value : "";
    }

    private sealed record Levels(ImmutableArray<(bool Engine, string Label)> Labels, uint Service);
}
