namespace Swarm.Raft;

/// <summary>Role of a member.</summary>
public enum RaftRole
{
    /// <summary>Takes the log from a leader, or waits for one.</summary>
    Follower,

    /// <summary>Asks whether an election could be won.</summary>
    PreCandidate,

    /// <summary>Stands for election.</summary>
    Candidate,

    /// <summary>Leads its term.</summary>
    Leader,
}

/// <summary>How a leader feeds a member.</summary>
public enum ProgressState
{
    /// <summary>One append at a time, until the logs meet.</summary>
    Probe,

    /// <summary>Appends are pipelined.</summary>
    Replicate,

    /// <summary>It needs entries that the log no longer has, and gets a snapshot.</summary>
    Snapshot,
}

/// <summary>A member of the configuration in force, with what its leader knows of it.</summary>
/// <param name="Id">Identity of its log.</param>
/// <param name="Address">Where it is dialled.</param>
/// <param name="Learner">It has no vote.</param>
/// <param name="NodeId">The node it runs on.</param>
public sealed record RaftMemberStatus(RaftId Id, string Address, bool Learner, string NodeId)
{
    /// <summary>Entries up to here are durable there. Known to the leader only.</summary>
    public ulong Match { get; init; }

    /// <summary>It was heard within the least election timeout. Known to the leader only.</summary>
    public bool RecentActive { get; init; }

    /// <summary>How the leader feeds it. Known to the leader only.</summary>
    public ProgressState ProgressState { get; init; }

    /// <summary>It said that its disk is full. Known to the leader only.</summary>
    public bool DiskFull { get; init; }
}

/// <summary>What a member knows, at one moment.</summary>
public sealed record RaftStatus
{
    /// <summary>This member.</summary>
    public required RaftId Id { get; init; }

    /// <summary>Current term.</summary>
    public required ulong Term { get; init; }

    /// <summary>Current role.</summary>
    public required RaftRole Role { get; init; }

    /// <summary>Leader of the term, when it is known.</summary>
    public RaftId? LeaderId { get; init; }

    /// <summary>The leader's entry in the configuration, when both are known.</summary>
    public RaftMemberStatus? LeaderMember => Members.FirstOrDefault(m => m.Id == LeaderId);

    /// <summary>Leader, and everything of earlier leaders is applied here.</summary>
    public required bool LeaderReady { get; init; }

    /// <summary>Last entry known to be committed.</summary>
    public required ulong CommitIndex { get; init; }

    /// <summary>Last entry the state machine has applied.</summary>
    public required ulong AppliedIndex { get; init; }

    /// <summary>Newest entry in the log.</summary>
    public required ulong LastIndex { get; init; }

    /// <summary>Oldest entry in the log.</summary>
    public required ulong FirstIndex { get; init; }

    /// <summary>Members of the configuration in force.</summary>
    public required IReadOnlyList<RaftMemberStatus> Members { get; init; }

    /// <summary>Entry that the newest durable snapshot contains; 0 when there is none.</summary>
    public ulong SnapshotIndex { get; init; }

    /// <summary>Time since that snapshot became durable here, also before this start; null when there is
    /// none.</summary>
    public TimeSpan? SnapshotAge { get; init; }

    /// <summary>Length of that snapshot.</summary>
    public long SnapshotBytes { get; init; }

    /// <summary>Bytes of the log on disk.</summary>
    public long LogBytes { get; init; }

    /// <summary>Ids of the keys with which log and snapshot are encrypted.</summary>
    public IReadOnlyList<Guid> KeysInUse { get; init; } = [];

    /// <summary>The disk has no room but its reserve: proposals are refused until there is room.</summary>
    public bool DiskFull { get; init; }

    /// <summary>This member was removed from the cluster, and knows it. It never stands for election again.</summary>
    public bool Removed { get; init; }

    /// <summary>The thread of this member hangs (in its disk or in the state machine): it does not lead.</summary>
    public bool Stalled { get; init; }

    /// <summary>
    /// An index at which states of voters differ and no majority agrees, so that nobody can say who is wrong; 0 when
    /// there is none. Data may be damaged: compare backups.
    /// </summary>
    public ulong DisputedIndex { get; init; }

    /// <summary>Messages dropped because the queue was full, since start.</summary>
    public long DroppedMessages { get; init; }

    /// <summary>Messages refused because they did not fit (cluster, recipient, removed sender, malformed), since
    /// start.</summary>
    public long RefusedMessages { get; init; }
}
