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

    internal void Check()
    {
        ArgumentException.ThrowIfNullOrEmpty(ClusterId);
        ArgumentOutOfRangeException.ThrowIfZero(Id.Value);
        ArgumentOutOfRangeException.ThrowIfLessThan(HeartbeatTicks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ElectionMinTicks, HeartbeatTicks * 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(ElectionMaxTicks, ElectionMinTicks + 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxInflightAppends, 1);
    }
}

/// <summary>What the disk had at start. The base is what a snapshot stands for; without one it is zero and
/// empty.</summary>
public sealed record RaftPersisted(HardState HardState, IReadOnlyList<RaftEntry> Entries)
{
    /// <summary>Index of the last entry that is no longer in the log.</summary>
    public ulong BaseIndex { get; init; }

    /// <summary>Term of that entry.</summary>
    public ulong BaseTerm { get; init; }

    /// <summary>Configuration in force at that entry.</summary>
    public RaftConfiguration BaseConfiguration { get; init; } = RaftConfiguration.Empty;

    /// <summary>A member that has nothing yet and waits to be contacted.</summary>
    public static RaftPersisted Nothing => new(default, []);
}
