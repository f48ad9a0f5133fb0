using System.Collections.Immutable;
using Swarm.Protocol.V1;
using Swarm.Model;
using Swarm.Store;

namespace Swarm.Scheduler;

/// <summary>
/// Nodes by the values of the spread labels, one level a label; without preferences a single leaf. Made once a round
/// for each list of labels; what a group does in it is a <see cref="SpreadWalk"/>.
/// </summary>
internal sealed class SpreadTree
{
    private SpreadTree(IReadOnlyList<Candidate> nodes, ImmutableArray<SpreadLabel> labels, int level)
    {
        if (level == labels.Length)
        {
            Pool = new NodePool(nodes);
            return;
        }

        Branches = [.. nodes.GroupBy(n => labels[level].ValueOf(n.Node), StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new SpreadTree([.. g], labels, level + 1) { Hash = StableHash.Of(g.Key), Value = g.Key })];
    }

    /// <summary>The nodes of a leaf; null above.</summary>
    internal NodePool? Pool { get; }

    /// <summary>One for each value of the label.</summary>
    internal IReadOnlyList<SpreadTree> Branches { get; } = [];

    /// <summary>Of the label's value that leads here; a node without the label belongs to "".</summary>
    internal uint Hash { get; private init; }

    internal string Value { get; private init; } = "";

    internal static SpreadTree Of(IReadOnlyList<Candidate> all, ImmutableArray<SpreadLabel> labels) =>
        new(all, labels, 0);
}

/// <summary>A label that tasks are spread over.</summary>
/// <param name="Engine">Of the node's own description rather than of what users set.</param>
/// <param name="Name">Its name.</param>
internal readonly record struct SpreadLabel(bool Engine, string Name)
{
    internal string ValueOf(NodeRecord node)
    {
        var labels = Engine ? node.Description?.EngineLabels : node.Spec.Labels;
        return labels is not null && labels.TryGetValue(Name, out var value) ? value : "";
    }
}
