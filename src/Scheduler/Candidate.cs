using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Scheduler;

/// <summary>A node during one round: what is left of it after the placements so far.</summary>
internal sealed class Candidate
{
    private readonly uint _hash;
    private long _freeCpus;
    private long _freeMemory;
    private int _total;
    private ImmutableHashSet<PortKey> _hostPorts;

    internal Candidate(NodeRecord node, NodeUsage usage)
    {
        Node = node;
        _hash = StableHash.Of(node.Id.Value);
        _freeCpus = (node.Description?.Resources?.NanoCpus ?? 0) - usage.NanoCpus;
        _freeMemory = (node.Description?.Resources?.MemoryBytes ?? 0) - usage.MemoryBytes;
        _total = usage.ActiveTasks;
        _hostPorts = usage.HostPorts;
    }

    internal NodeRecord Node { get; }

    /// <summary>Slots of the service whose newest task is here.</summary>
    internal int Slots { get; set; }

    /// <summary>Tasks of the service that are wanted up here, those about to be replaced included.</summary>
    internal ulong Copies { get; set; }

    /// <summary>Recent failures of the service's spec here.</summary>
    internal int Failures { get; set; }

    internal Rank RankFor(uint service) => new(
        Failures >= PlacementRound.FaultyAfterFailures ? Failures : 0, Slots, _total,
        StableHash.Combine(service, _hash));

    internal void BeginGroup() => (Slots, Copies, Failures) = (0, 0, 0);

    internal Verdict Judge(PlacementRules rules, ImmutableArray<PortConfig> hostPorts)
    {
        if (!Node.IsSchedulable)
        {
            return Verdict.NotReady;
        }

        if (LacksResources(rules))
        {
            return Verdict.Resources;
        }

        return !rules.MeetsConstraints(Node) ? Verdict.Constraints
            : !rules.MeetsPlatform(Node) ? Verdict.Platform
            : JudgeCopy(rules, hostPorts);
    }

    /// <summary>The part of the judgement that a placement on this very node can change.</summary>
    internal Verdict JudgeCopy(PlacementRules rules, ImmutableArray<PortConfig> hostPorts)
    {
        if (LacksResources(rules))
        {
            return Verdict.Resources;
        }

        foreach (var port in hostPorts)
        {
            if (port.PublishedPort != 0 && _hostPorts.Contains(PortKey.Of(port)))
            {
                return Verdict.HostPort;
            }
        }

        return rules.MaxReplicas > 0 && Copies >= rules.MaxReplicas ? Verdict.MaxReplicas : Verdict.Fits;
    }

    private bool LacksResources(PlacementRules rules) =>
        (rules.NanoCpus > 0 && rules.NanoCpus > _freeCpus)
        || (rules.MemoryBytes > 0 && rules.MemoryBytes > _freeMemory);

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
        _total++;
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

/// <summary>
/// Lower is better: no recent failures, fewer slots of this service, fewer tasks in all; then an order that differs
/// from service to service, so that not every first task lands on the same node.
/// </summary>
internal readonly record struct Rank(int Failures, int Slots, int Total, uint Tie) : IComparable<Rank>
{
    public int CompareTo(Rank other)
    {
        var order = Failures.CompareTo(other.Failures);
        order = order != 0 ? order : Slots.CompareTo(other.Slots);
        order = order != 0 ? order : Total.CompareTo(other.Total);
        return order != 0 ? order : Tie.CompareTo(other.Tie);
    }
}
