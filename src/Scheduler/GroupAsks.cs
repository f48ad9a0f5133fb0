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

    /// <summary>Of the spec that its tasks were made from.</summary>
    internal ulong SpecVersion => group.SpecVersion;

    /// <summary>How many it has.</summary>
    internal int Tasks => group.Tasks.Count;

    internal PlacementRules Rules => _rules;

    internal SpreadLabel[] Labels => _rules.Spread;

    /// <summary>Host ports that the last task which was taken got.</summary>
    internal ImmutableArray<PortConfig> Got { get; private set; }

    /// <summary>Generic resources that it got.</summary>
    internal ImmutableArray<GenericResource> GotGeneric { get; private set; }

    /// <summary>Nodes with tasks from this group, each once.</summary>
    internal List<Candidate> Taken { get; } = [];

    internal bool Admits(Candidate node) => Judge(node, node.Copies) == Verdict.Fits;

    internal Verdict Judge(Candidate node, ulong copies) => node.Judge(_rules, _ports, copies);

    /// <summary>How many tasks of the service a node has decides whether it takes one more.</summary>
    internal bool CountsCopies => _rules.MaxReplicas > 0;

    /// <summary>False when the node is full for this group.</summary>
    internal bool TryTake(Candidate node)
    {
        if (node.JudgeCopy(_rules, _ports, node.Copies) != Verdict.Fits
            || node.Take(_rules, _ports, isIngress) is not { } got)
        {
            return false;
        }

        if (!node.IsTaken)
        {
            node.IsTaken = true;
            Taken.Add(node);
        }

        (Got, GotGeneric) = (got, node.TakeGeneric(_rules));
        return true;
    }

    /// <summary>Brings the pools in line with what was taken.</summary>
    internal void Settle()
    {
        foreach (var node in Taken)
        {
            node.IsTaken = false;
            node.MoveSeats();
        }
    }
}
