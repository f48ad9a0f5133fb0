using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>A port number of one protocol; what is unspecified is TCP.</summary>
public readonly record struct PortKey(PortConfig.Types.Protocol Protocol, uint Port) : IComparable<PortKey>
{
    /// <summary>The published side of a port.</summary>
    public static PortKey Of(PortConfig port) => new(
        port.Protocol == PortConfig.Types.Protocol.Unspecified ? PortConfig.Types.Protocol.Tcp : port.Protocol,
        port.PublishedPort);

    /// <inheritdoc/>
    public int CompareTo(PortKey other) => (Protocol, Port).CompareTo((other.Protocol, other.Port));

    /// <inheritdoc/>
    public override string ToString() => $"{Port}/{(Protocol == PortConfig.Types.Protocol.Udp ? "udp" : "tcp")}";
}

/// <summary>The name of a secret or config; upper and lower case are alike.</summary>
internal readonly record struct PayloadName(PayloadKind Kind, string Name) : IComparable<PayloadName>
{
    internal static PayloadName Of(PayloadRecord record) => new(record.Kind, record.Spec.Name);

    public int CompareTo(PayloadName other) => Kind != other.Kind
        ? Kind.CompareTo(other.Kind)
        : string.Compare(Name, other.Name, StringComparison.OrdinalIgnoreCase);
}

/// <summary>What the tasks of a node hold: reservations and ports from Assigned until they have ended.</summary>
/// <param name="NanoCpus">Reserved.</param>
/// <param name="MemoryBytes">Reserved.</param>
/// <param name="ActiveTasks">Wanted up and not ended.</param>
/// <param name="HostPorts">Bound by tasks of publish mode host.</param>
public sealed record NodeUsage(long NanoCpus, long MemoryBytes, int ActiveTasks, ImmutableHashSet<PortKey> HostPorts)
{
    /// <summary>What of the node's generic resources its tasks hold.</summary>
    public GenericHoldings Generic { get; init; } = GenericHoldings.None;

    /// <summary>An empty node.</summary>
    public static NodeUsage None { get; } = new(0, 0, 0, []);
}

/// <summary>The tasks of a service by slot, oldest first in each.</summary>
/// <param name="Slots">Every slot that has a task.</param>
/// <param name="SpecUses">How many tasks name each spec version.</param>
/// <param name="Waiting">Tasks that are wanted up and have no node confirmed yet.</param>
/// <param name="Running">Tasks that run and are wanted up.</param>
internal sealed record ServiceTasks(
    PersistentDictionary<SlotKey, ImmutableArray<TaskId>> Slots,
    ImmutableSortedDictionary<ulong, int> SpecUses,
    PersistentDictionary<TaskId, bool> Waiting,
    int Running)
{
    internal static ServiceTasks None { get; } = new(
        PersistentDictionary<SlotKey, ImmutableArray<TaskId>>.Empty, ImmutableSortedDictionary<ulong, int>.Empty,
        PersistentDictionary<TaskId, bool>.Empty, 0);
}
