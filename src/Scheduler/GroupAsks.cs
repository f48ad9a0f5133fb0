using System.Collections.Immutable;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Scheduler;

/// <summary>What a group asks of a node, and the nodes that it has taken something of.</summary>
internal sealed class GroupAsks(PlacementGroup group, Func<PortKey, bool> isIngress)
{
    private readonly PlacementRules _rules = PlacementRules.Of(group.Spec);
    private readonly ImmutableArray<PortConfig> _ports =
        [.. (group.Spec.Endpoint?.Ports ?? []).Where(p => !p.IsIngress())];

    /// <summary>Of the service: makes ties come out differently for each.</summary>
    internal uint Service { get; } = StableHash.Of(group.Service.Value);

    internal ImmutableArray<SpreadLabel> Labels => _rules.Spread;

    /// <summary>Host ports that the last task which was taken got.</summary>
    internal ImmutableArray<PortConfig> Got { get; private set; }

    /// <summary>Nodes with tasks from this group, each once.</summary>
    internal List<Candidate> Taken { get; } = [];

    internal bool Admits(Candidate node) => Judge(node) == Verdict.Fits;

    internal Verdict Judge(Candidate node) => node.Judge(_rules, _ports);

    /// <summary>False when the node is full for this group.</summary>
    internal bool TryTake(Candidate node)
    {
        var before = node.Total;
        if (node.JudgeCopy(_rules, _ports) != Verdict.Fits || node.Take(_rules, _ports, isIngress) is not { } got)
        {
            return false;
        }

        if (node.TakenAt < 0)
        {
            node.TakenAt = before;
            Taken.Add(node);
        }

        Got = got;
        return true;
    }

    /// <summary>Brings the pools in line with what was taken.</summary>
    internal void Settle()
    {
        foreach (var node in Taken)
        {
            node.TakenAt = -1;
            for (var i = node.Seats.Count - 1; i >= 0; i--)
            {
                node.Seats[i].Move(node);
            }
        }
    }
}
