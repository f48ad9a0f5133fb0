using Swarm.Model;
using Swarm.Store;

namespace Swarm.Scheduler;

/// <summary>
/// The nodes that meet some constraints, by the values of the spread labels, one level a label; without preferences a
/// single leaf. There is one for each set of constraints, platforms and labels that some service asks for; what a
/// group does in it is a <see cref="SpreadWalk"/>.
/// </summary>
internal sealed class SpreadTree
{
    private readonly SortedDictionary<string, SpreadTree> _branches = new(StringComparer.Ordinal);
    private readonly PlacementRules _rules;
    private readonly int _level;

    internal SpreadTree(PlacementRules rules)
        : this(rules, null, 0, "")
    {
    }

    private SpreadTree(PlacementRules rules, SpreadTree? root, int level, string value)
    {
        (_rules, _level, Value, Hash) = (rules, level, value, StableHash.Of(value));
        Pool = level == rules.Spread.Length ? new NodePool(root ?? this) : null;
        Root = root ?? this;
    }

    /// <summary>When it was used last, in steps of the fleet.</summary>
    internal long UsedAt { get; set; }

    /// <summary>The whole that it is a part of.</summary>
    internal SpreadTree Root { get; }

    /// <summary>The nodes of a leaf; null above.</summary>
    internal NodePool? Pool { get; }

    /// <summary>One for each value of the label; some may have lost their last node.</summary>
    internal IReadOnlyCollection<SpreadTree> Branches => _branches.Values;

    /// <summary>Of the label's value that leads here; a node without the label belongs to "".</summary>
    internal uint Hash { get; }

    internal string Value { get; }

    /// <summary>Adds a node unless no such group may ever have it as it is now.</summary>
    internal void Add(Candidate node)
    {
        if (node.Node.IsSchedulable && _rules.Admits(node.Node))
        {
            Put(node);
        }
    }

    private void Put(Candidate node)
    {
        if (Pool is not null)
        {
            Pool.Add(node);
            return;
        }

        var value = _rules.Spread[_level].ValueOf(node.Node);
        if (!_branches.TryGetValue(value, out var branch))
        {
            _branches[value] = branch = new SpreadTree(_rules, Root, _level + 1, value);
        }

        branch.Put(node);
    }
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
