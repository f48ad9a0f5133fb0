namespace Swarm.Raft.Core;

/// <summary>What a core is told once. Times are in ticks, the length of which the caller chooses.</summary>
public sealed record RaftCoreOptions
{
    /// <summary>Messages of other clusters are refused.</summary>
    public required string ClusterId { get; init; }

    /// <summary>This member.</summary>
    public required RaftId Id { get; init; }

    /// <summary>Where this member is dialled, for receivers whose configuration does not say it yet.</summary>
    public string Address { get; init; } = "";

    /// <summary>Seed of the election dice.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Ticks between a leader's heartbeats.</summary>
    public int HeartbeatTicks { get; init; } = 10;

    /// <summary>Least election timeout; also how long a heard leader is stood by, and a leader's quorum
    /// check.</summary>
    public int ElectionMinTicks { get; init; } = 50;

    /// <summary>Greatest election timeout.</summary>
    public int ElectionMaxTicks { get; init; } = 100;

    /// <summary>Appends on their way to one follower without an answer.</summary>
    public int MaxInflightAppends { get; init; } = 64;

    /// <summary>Bytes on their way to one follower without an answer; one append may exceed it alone.</summary>
    public int MaxInflightBytes { get; init; } = 8 << 20;

    /// <summary>Uncommitted entries a leader takes before it says Busy.</summary>
    public int MaxUncommittedEntries { get; init; } = 16_384;

    /// <summary>Uncommitted bytes a leader takes before it says Busy.</summary>
    public long MaxUncommittedBytes { get; init; } = 32L << 20;

    /// <summary>Entries before the newest snapshot that stay in the log for followers that lag a little.</summary>
    public int KeepEntries { get; init; } = 5_000;

    /// <summary>Bytes of entries before the newest snapshot that stay in the log.</summary>
    public long KeepBytes { get; init; } = 32L << 20;

    /// <summary>
    /// How many times <see cref="KeepEntries"/> and <see cref="KeepBytes"/> stay while a follower that is heard still
    /// needs them, or while a snapshot is on its way to one.
    /// </summary>
    public int KeepForFollowersFactor { get; init; } = 4;

    internal void Check()
    {
        ArgumentException.ThrowIfNullOrEmpty(ClusterId);
        ArgumentOutOfRangeException.ThrowIfZero(Id.Value);
        ArgumentOutOfRangeException.ThrowIfLessThan(HeartbeatTicks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ElectionMinTicks, HeartbeatTicks * 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(ElectionMaxTicks, ElectionMinTicks + 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxInflightAppends, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(KeepEntries);
        ArgumentOutOfRangeException.ThrowIfLessThan(KeepForFollowersFactor, 1);
    }
}

/// <summary>
/// What the disk had at start. The entries go on where the snapshot ends, or begin before that: then the older ones
/// are there for followers that lag.
/// </summary>
public sealed record RaftPersisted(HardState HardState, IReadOnlyList<RaftEntry> Entries)
{
    /// <summary>What the newest durable snapshot stands for; null when there is none.</summary>
    public SnapshotMark? Snapshot { get; init; }

    /// <summary>A member that has nothing yet and waits to be contacted.</summary>
    public static RaftPersisted Nothing => new(default, []);
}
