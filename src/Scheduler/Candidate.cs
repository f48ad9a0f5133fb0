using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Scheduler;

/// <summary>A node as the scheduler sees it: what is left of it after the placements so far.</summary>
internal sealed class Candidate
{
    private readonly uint _hash;

    // Of the record, so that a look at what is left does not go through three more objects.
    private bool _isSchedulable;
    private long _cpus;
    private long _memory;
    private long _freeCpus;
    private long _freeMemory;
    private ImmutableHashSet<PortKey> _hostPorts = [];
    private GenericHoldings _generic = GenericHoldings.None;

    internal Candidate(NodeRecord node, NodeUsage usage, int index)
    {
        (Index, _hash) = (index, StableHash.Of(node.Id.Value));
        Become(node, usage);
    }

    internal NodeRecord Node { get; private set; } = null!;

    /// <summary>Its place in what is kept for every node; given again when the node is gone.</summary>
    internal int Index { get; }

    /// <summary>The node was removed.</summary>
    internal bool IsGone { get; set; }

    /// <summary>The step in which it was last read from a state.</summary>
    internal long FreshAt { get; set; }

    /// <summary>Tasks that are wanted up here.</summary>
    internal int Total { get; private set; }

    /// <summary>Where it sits in each pool that has it.</summary>
    internal List<NodePool.Seat> Seats { get; } = new(1);

    /// <summary>The group that is being placed took something here.</summary>
    internal bool IsTaken { get; set; }

    /// <summary>What the group's service has here; null when nothing, or not looked for.</summary>
    internal ServiceSpread.Share? Share { get; set; }

    /// <summary>Slots of the service whose newest task is here.</summary>
    internal int Slots { get; set; }

    /// <summary>Tasks of the service that are wanted up here, those about to be replaced included.</summary>
    internal ulong Copies { get; set; }

    /// <summary>Recent failures of the service's spec here.</summary>
    internal int Failures { get; set; }

    internal ulong RankFor(uint service) => Rank.Of(
        IsFaulty ? Failures : 0, Slots, Total, StableHash.Combine(service, _hash));

    /// <summary>The service kept failing here: others go first.</summary>
    internal bool IsFaulty => Failures >= PlacementRound.FaultyAfterFailures;

    /// <summary>The service has something here, or fails here: it is not among the nodes that come first.</summary>
    internal bool IsKnown => Slots > 0 || IsFaulty;

    internal void BeginGroup() => (Slots, Copies, Failures, Share) = (0, 0, 0, null);

    internal void Become(NodeRecord node, NodeUsage usage)
    {
        if (!ReferenceEquals(Node, node))
        {
            Node = node;
            _isSchedulable = node.IsSchedulable;
            _cpus = node.Description?.Resources?.NanoCpus ?? 0;
            _memory = node.Description?.Resources?.MemoryBytes ?? 0;
        }

        _freeCpus = _cpus - usage.NanoCpus;
        _freeMemory = _memory - usage.MemoryBytes;
        Total = usage.ActiveTasks;
        (_hostPorts, _generic) = (usage.HostPorts, usage.Generic);
    }

    /// <summary>It is among the nodes of a tree: ready, active, and all that the tree's rules ask for.</summary>
    internal bool IsIn(SpreadTree tree)
    {
        foreach (var seat in Seats)
        {
            if (seat.IsIn(tree))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Pools follow what it has now.</summary>
    internal void MoveSeats()
    {
        foreach (var seat in Seats)
        {
            seat.Move();
        }
    }

    internal Verdict Judge(PlacementRules rules, ImmutableArray<PortConfig> hostPorts, ulong copies)
    {
        if (!_isSchedulable)
        {
            return Verdict.NotReady;
        }

        if (LacksResources(rules))
        {
            return Verdict.Resources;
        }

        return !rules.MeetsConstraints(Node) ? Verdict.Constraints
            : !rules.MeetsPlatform(Node) ? Verdict.Platform
            : JudgeCopy(rules, hostPorts, copies);
    }

    /// <summary>The part of the judgement that a placement on this very node can change.</summary>
    internal Verdict JudgeCopy(PlacementRules rules, ImmutableArray<PortConfig> hostPorts, ulong copies)
    {
        if (LacksResources(rules))
        {
            return Verdict.Resources;
        }

        foreach (var port in hostPorts)
        {
            if (port.PublishedPort != 0 && _hostPorts.Contains(PortKey.Of(port))
                && !Planted.Has(PlantedBug.HostPortTwice))
            {
                return Verdict.HostPort;
            }
        }

        return rules.MaxReplicas > 0 && copies >= rules.MaxReplicas && !Planted.Has(PlantedBug.MaxReplicasIgnored)
            ? Verdict.MaxReplicas
            : Verdict.Fits;
    }

    private bool LacksResources(PlacementRules rules)
    {
        if ((rules.NanoCpus > 0 && rules.NanoCpus > _freeCpus)
            || (rules.MemoryBytes > 0 && rules.MemoryBytes > _freeMemory))
        {
            return !Planted.Has(PlantedBug.ReservationIgnored);
        }

        foreach (var wanted in rules.Generic)
        {
            if (_generic.Choose(Node.Description?.Resources, wanted) is null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes what a task that fits reserves of generic resources.</summary>
    internal ImmutableArray<GenericResource> TakeGeneric(PlacementRules rules)
    {
        if (rules.Generic.IsEmpty)
        {
            return [];
        }

        var shares = ImmutableArray.CreateBuilder<GenericResource>(rules.Generic.Length);
        foreach (var wanted in rules.Generic)
        {
            var share = _generic.Choose(Node.Description?.Resources, wanted);
            Invariant.Check(share is not null);
            _generic = _generic.With(share);
            shares.Add(share);
        }

        return shares.MoveToImmutable();
    }

    /// <summary>Takes one task; gives the host ports it got. Null when no dynamic port is free.</summary>
    internal ImmutableArray<PortConfig>? Take(
        PlacementRules rules, ImmutableArray<PortConfig> wanted, Func<PortKey, bool> isIngress)
    {
        var (ports, taken) = (wanted, _hostPorts);
        for (var i = 0; i < wanted.Length; i++)
        {
            var port = wanted[i];
            if (port.PublishedPort == 0)
            {
                port = port.Clone();
                port.PublishedPort = FreePort(port, taken, isIngress);
                if (port.PublishedPort == 0)
                {
                    return null;
                }

                ports = ports.SetItem(i, port);
            }

            taken = taken.Add(PortKey.Of(port));
        }

        _hostPorts = taken;
        _freeCpus -= rules.NanoCpus;
        _freeMemory -= rules.MemoryBytes;
        Total++;
        Slots++;
        Copies++;
        return ports;
    }

    private static uint FreePort(PortConfig port, ImmutableHashSet<PortKey> taken, Func<PortKey, bool> isIngress)
    {
        for (uint number = SpecDefaults.FirstDynamicPort; number <= SpecDefaults.LastDynamicPort; number++)
        {
            var key = PortKey.Of(port) with { Port = number };
            if (!taken.Contains(key) && !isIngress(key))
            {
                return number;
            }
        }

        return 0;
    }
}
