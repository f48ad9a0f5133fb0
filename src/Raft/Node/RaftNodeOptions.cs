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
    public int SegmentBytes { get; init; } = WalOptions.DefaultSegmentBytes;

    /// <summary>Proposals, reads and changes that wait for the raft thread; more are answered Busy.</summary>
    public int MaxQueuedRequests { get; init; } = 16_384;

    /// <summary>Messages that wait for the raft thread; more are dropped.</summary>
    public int MaxQueuedMessages { get; init; } = 8_192;

    /// <summary>Bytes of messages that wait for the raft thread; more are dropped.</summary>
    public long MaxQueuedMessageBytes { get; init; } = 64L << 20;

    /// <summary>Lines about changes of role, leader and term, and about failures.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Source of monotonic time.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>The disk; the seam at which tests make it fail.</summary>
    public IDisk Disk { get; init; } = new LinuxDisk();

    internal WalOptions Wal => new()
    {
        Disk = Disk, Directory = Directory, ClusterId = ClusterId, Id = Id, SegmentBytes = SegmentBytes,
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
    };
}
