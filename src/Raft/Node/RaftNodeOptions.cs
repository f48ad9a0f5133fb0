using Swarm.Raft.Core;
using Swarm.Raft.Storage;

namespace Swarm.Raft;

/// <summary>What a node is told once.</summary>
public sealed record RaftNodeOptions
{
    /// <summary>Unit of the core's time. Short, so that drawn election timeouts differ.</summary>
    public const int TickMs = 10;

    /// <summary>Where the log is; nothing else belongs there.</summary>
    public required string Directory { get; init; }

    /// <summary>Cluster of this member, at most <see cref="RaftLimits.MaxNameBytes"/> bytes of UTF-8.</summary>
    public required string ClusterId { get; init; }

    /// <summary>This member.</summary>
    public required RaftId Id { get; init; }

    /// <summary>Where others reach this member; sent along until the configuration says it.</summary>
    public string Address { get; init; } = "";

    /// <summary>Between a leader's heartbeats.</summary>
    public int HeartbeatMs { get; init; } = 100;

    /// <summary>Least election timeout; also the time after which a leader without a quorum steps down.</summary>
    public int ElectionTimeoutMinMs { get; init; } = 500;

    /// <summary>Greatest election timeout.</summary>
    public int ElectionTimeoutMaxMs { get; init; } = 1000;

    /// <summary>Length of a log segment.</summary>
    public int SegmentBytes { get; init; } = StorageOptions.DefaultSegmentBytes;

    /// <summary>Proposals, reads and changes that wait for the raft thread; more are answered Busy.</summary>
    public int MaxQueuedRequests { get; init; } = 16_384;

    /// <summary>Messages that wait for the raft thread; more are dropped.</summary>
    public int MaxQueuedMessages { get; init; } = 8_192;

    /// <summary>Bytes of messages that wait for the raft thread; more are dropped.</summary>
    public long MaxQueuedMessageBytes { get; init; } = 64L << 20;

    /// <summary>Keys of log and snapshots, the one to write with last; none means plaintext (tests only).</summary>
    public IReadOnlyList<DataKey> Keys { get; init; } = [];

    /// <summary>Entries after which a snapshot is taken.</summary>
    public int SnapshotEveryEntries { get; init; } = 10_000;

    /// <summary>Bytes of entries after which a snapshot is taken.</summary>
    public long SnapshotEveryBytes { get; init; } = 64L << 20;

    /// <summary>Entries before a snapshot that stay for followers that lag a little.</summary>
    public int KeepEntries { get; init; } = 5_000;

    /// <summary>Entries without a quorum that a leader takes before it says Busy.</summary>
    public int MaxUncommittedEntries { get; init; } = 16_384;

    /// <summary>The thread hangs when it does nothing for so long: this member does not lead then (R26, R28).</summary>
    public int StallTimeoutMs { get; init; } = 1_500;

    /// <summary>Runs what need not be waited for, on another thread.</summary>
    public Action<Action> Aside { get; init; } =
        work => ThreadPool.UnsafeQueueUserWorkItem(static w => w(), work, preferLocal: false);

    /// <summary>Lines about changes of role, leader and term, and about failures.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Source of monotonic time.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>The disk; the seam at which tests make it fail.</summary>
    public IDisk Disk { get; init; } = new LinuxDisk();

    internal StorageOptions Storage => new()
    {
        Disk = Disk,
        Directory = Directory,
        ClusterId = ClusterId,
        Id = Id,
        SegmentBytes = SegmentBytes,
        Keys = Keys,
        Aside = Aside,
    };

    internal RaftCoreOptions Core(ulong seed) => new()
    {
        ClusterId = ClusterId,
        Id = Id,
        Address = Address,
        Seed = seed,
        HeartbeatTicks = Math.Max(1, HeartbeatMs / TickMs),
        ElectionMinTicks = ElectionTimeoutMinMs / TickMs,
        ElectionMaxTicks = ElectionTimeoutMaxMs / TickMs,
        KeepEntries = KeepEntries,
        MaxUncommittedEntries = MaxUncommittedEntries,
    };
}
