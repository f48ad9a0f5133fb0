using System.Collections.Immutable;
using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>A service: the spec in force, the one before, and those that live tasks were made from.</summary>
public sealed record ServiceRecord
{
    /// <summary>Stays the same over updates.</summary>
    public required ServiceId Id { get; init; }

    /// <summary>Log index of the last change of any part.</summary>
    public ulong Version { get; init; }

    /// <summary>Leader's clock.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Leader's clock at the last change.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The document in force; never modified.</summary>
    public required ServiceSpec Spec { get; init; }

    /// <summary>Log index at which <see cref="Spec"/> came into force (a rollback brings the old number
    /// back).</summary>
    public ulong SpecVersion { get; init; }

    /// <summary>What a rollback returns to; null when there is nothing to go back to.</summary>
    public ServiceSpec? PreviousSpec { get; init; }

    /// <summary>Version of <see cref="PreviousSpec"/>; 0 when null.</summary>
    public ulong PreviousSpecVersion { get; init; }

    /// <summary>The spec of every version that a stored task names, the one in force included.</summary>
    public ImmutableSortedDictionary<ulong, ServiceSpec> KeptSpecs { get; init; } =
        ImmutableSortedDictionary<ulong, ServiceSpec>.Empty;

    /// <summary>Null unless an update or rollback was begun since the last change by a user.</summary>
    public UpdateStatusRecord? Update { get; init; }

    /// <summary>Ports with their published numbers, chosen ones included; empty until allocated.</summary>
    public ImmutableArray<PortConfig> Ports { get; init; } = [];

    /// <summary>Version of the spec whose ports are in <see cref="Ports"/>; 0 = never allocated.</summary>
    public ulong PortsSpecVersion { get; init; }

    /// <summary>Credentials that its tasks' nodes get, newest first; never printed.</summary>
    public ImmutableArray<RegistryLogin> Registries { get; init; } = [];

    /// <summary>Removed by a user; goes when its last task is gone. Hidden from lists, its name is free.</summary>
    public bool Removing { get; init; }

    /// <summary>How often the job was begun, from 1; 0 for services that are no jobs.</summary>
    public ulong JobIteration { get; init; }

    /// <summary>Tasks of this spec version or a later one belong to the present iteration of the job.</summary>
    public ulong JobSpecVersion { get; init; }

    /// <summary>Leader's clock when the present iteration was begun.</summary>
    public DateTimeOffset? JobStartedAt { get; init; }

    /// <summary>One task on each node rather than a number of replicas; global jobs included.</summary>
    public bool IsGlobal => Spec.IsGlobal();

    /// <summary>Its tasks are to end.</summary>
    public bool IsJob => Spec.IsJob();
}

/// <summary>How far an update or rollback is.</summary>
public sealed record UpdateStatusRecord(
    UpdateStatus.Types.State State, DateTimeOffset StartedAt, DateTimeOffset? CompletedAt, string Message)
{
    /// <summary>Nothing is changed any more until a user acts.</summary>
    public bool IsPaused => State is UpdateStatus.Types.State.Paused or UpdateStatus.Types.State.RollbackPaused;

    /// <summary>Going back to the previous spec.</summary>
    public bool IsRollback => State is UpdateStatus.Types.State.RollbackStarted
        or UpdateStatus.Types.State.RollbackPaused or UpdateStatus.Types.State.RollbackCompleted;

    /// <summary>Slots are being replaced right now.</summary>
    public bool IsRunning => State is UpdateStatus.Types.State.Updating or UpdateStatus.Types.State.RollbackStarted;
}
