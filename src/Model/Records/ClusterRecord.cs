using System.Collections.Immutable;
using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>The one object of the cluster itself. Holds keys: never printed, never in an answer.</summary>
public sealed record ClusterRecord
{
    /// <summary>Stands in every certificate.</summary>
    public required ClusterId Id { get; init; }

    /// <summary>Log index of the last change.</summary>
    public ulong Version { get; init; }

    /// <summary>Clock of the first manager.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Leader's clock at the last change.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>What users set.</summary>
    public required ClusterSpec Spec { get; init; }

    /// <summary>Trust anchor of all nodes.</summary>
    public required string RootCertificatePem { get; init; }

    /// <summary>Signs node certificates.</summary>
    public required string RootKeyPem { get; init; }

    /// <summary>16 bytes.</summary>
    public required ImmutableArray<byte> WorkerTokenSecret { get; init; }

    /// <summary>16 bytes.</summary>
    public required ImmutableArray<byte> ManagerTokenSecret { get; init; }

    /// <summary>Grows by one with each new beginning from a copy of the state: 0 = the first. Members of an older
    /// epoch are refused.</summary>
    public ulong Epoch { get; init; }

    /// <summary>Managers start locked and need <see cref="UnlockKey"/>.</summary>
    public bool AutoLock { get; init; }

    /// <summary>32 bytes; empty unless <see cref="AutoLock"/> was on once.</summary>
    public ImmutableArray<byte> UnlockKey { get; init; } = [];

    /// <summary>The newest form of entries and snapshots that all managers understand; 0 and 1 = the first.</summary>
    public uint FormatVersion { get; init; }

    /// <summary>Restored from a copy: what runs is learnt, nothing is started or stopped till a user says so.</summary>
    public bool Observe { get; init; }

    /// <summary>No keys and tokens in logs and debuggers.</summary>
    public override string ToString() => $"cluster {Id} version {Version}";
}
