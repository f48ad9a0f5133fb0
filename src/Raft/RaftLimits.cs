namespace Swarm.Raft;

/// <summary>Bounds of the protocol and of the log; the same on every member.</summary>
public static class RaftLimits
{
    /// <summary>Payload of one entry.</summary>
    public const int MaxEntryBytes = 1 << 20;

    /// <summary>One encoded message. An append always fits: see <see cref="MaxAppendBytes"/>.</summary>
    public const int MaxMessageBytes = 4 << 20;

    /// <summary>Entries of one append, payload and overhead together; a single entry may fill it alone.</summary>
    public const int MaxAppendBytes = 1 << 20;

    /// <summary>Entries of one append.</summary>
    public const int MaxAppendEntries = Planted.InSimulation ? 3 : 2_048;

    /// <summary>What an entry costs beyond its payload, in memory and on the wire (rounded up).</summary>
    public const int EntryOverheadBytes = 64;

    /// <summary>Committed entries that one <see cref="Core.Ready"/> hands out, so that ticks are not starved.</summary>
    public const int MaxCommittedPerReady = 4_096;

    /// <summary>Members of a configuration, learners included.</summary>
    public const int MaxMembers = 64;

    /// <summary>Removed ids a configuration remembers; when they are used up, removal is refused.</summary>
    public const int MaxRemovedIds = 16_384;

    /// <summary>UTF-8 length of a member's address.</summary>
    public const int MaxAddressBytes = 256;

    /// <summary>UTF-8 length of a cluster id or a node id.</summary>
    public const int MaxNameBytes = 128;

    /// <summary>Reads that wait for one confirmation on a leader, or for the leader on a follower.</summary>
    public const int MaxPendingReads = 8_192;

    /// <summary>Piece of a snapshot in one message. Small, so that heartbeats behind it do not wait long.</summary>
    public const int SnapshotChunkBytes = Planted.InSimulation ? 4 << 10 : 64 << 10;

    /// <summary>Largest piece of a snapshot that is taken from another member.</summary>
    public const int MaxSnapshotChunkBytes = 1 << 20;

    /// <summary>Pieces on their way to one follower without an answer.</summary>
    public const int MaxInflightSnapshotChunks = 16;

    /// <summary>Members compare the hash of their state after each entry whose index this divides.</summary>
    public const ulong HashEveryEntries = Planted.InSimulation ? 10 : 100;

    /// <summary>A term beyond this cannot come from an election of this cluster.</summary>
    public const ulong MaxTerm = ulong.MaxValue >> 1;

    /// <summary>An index beyond this cannot come from a log of this cluster.</summary>
    public const ulong MaxIndex = ulong.MaxValue >> 1;
}
