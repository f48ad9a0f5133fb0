using System.Collections.Immutable;
using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>
/// One attempt to run one container. It does not hold its spec but names it: the service keeps the versions
/// that live tasks use. Identity (id, service, slot, spec version) never changes; the node is set once.
/// </summary>
public sealed record TaskRecord
{
    /// <summary>Never used again.</summary>
    public required TaskId Id { get; init; }

    /// <summary>The service that wants it.</summary>
    public required ServiceId ServiceId { get; init; }

    /// <summary>Which of the service's specs it was made from.</summary>
    public required ulong SpecVersion { get; init; }

    /// <summary>From 1; 0 for global services, whose slot is the node.</summary>
    public required ulong Slot { get; init; }

    /// <summary>None until the scheduler placed it (global: set at creation, still Pending until confirmed).</summary>
    public NodeId NodeId { get; init; }

    /// <summary>What the manager wants: Ready, Running (Complete for jobs), Shutdown or Remove. Never goes
    /// back.</summary>
    public required TaskState DesiredState { get; init; }

    /// <summary>What was observed last.</summary>
    public required TaskStatusRecord Status { get; init; }

    /// <summary>Leader's clock.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Leader's clock at the last change.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Log index of the last change.</summary>
    public ulong Version { get; init; }

    /// <summary>A restart delay: Ready becomes Running no earlier than this; null = as soon as the slot is
    /// free.</summary>
    public DateTimeOffset? StartNotBefore { get; init; }

    /// <summary>Ports of publish mode host, bound on the node at assignment.</summary>
    public ImmutableArray<PortConfig> HostPorts { get; init; } = [];

    /// <summary>What of its node's generic resources it holds until it has ended, given at assignment.</summary>
    public ImmutableArray<GenericResource> Generic { get; init; } = [];

    /// <summary>The replica this task stands for: its slot, or its node for a global service.</summary>
    public SlotKey Key => new(ServiceId, Slot, Slot == 0 ? NodeId : default);

    /// <summary>Nobody has told it to stop.</summary>
    public bool IsWanted => DesiredState.IsWanted();

    /// <summary>It is wanted up and has not ended.</summary>
    public bool IsLive => IsWanted && !Status.State.IsTerminal();
}

/// <summary>One replica of a service over time.</summary>
public readonly record struct SlotKey(ServiceId ServiceId, ulong Slot, NodeId Node);

/// <summary>What is known of a task's life.</summary>
public sealed record TaskStatusRecord
{
    /// <summary>The furthest state observed.</summary>
    public required TaskState State { get; init; }

    /// <summary>Clock of the observer.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Leader's clock when it went into the log; comparisons use this one.</summary>
    public DateTimeOffset AppliedAt { get; init; }

    /// <summary>What is going on, for people.</summary>
    public string Message { get; init; } = "";

    /// <summary>What went wrong, or why it is still pending; empty if nothing.</summary>
    public string Error { get; init; } = "";

    /// <summary>The runtime's name for the container; empty before there is one.</summary>
    public string ContainerId { get; init; } = "";

    /// <summary>Process id on the node; 0 when none.</summary>
    public int Pid { get; init; }

    /// <summary>Null until the container's process ended.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The kernel killed it for its memory limit.</summary>
    public bool OutOfMemory { get; init; }

    /// <summary>The container's address on its node's subnet; empty before it has one.</summary>
    public string Address { get; init; } = "";
}
