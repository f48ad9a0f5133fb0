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

    /// <summary>It lacks entries that the leader's log no longer has. Known to the leader only.</summary>
    public bool NeedsSnapshot { get; init; }
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

    /// <summary>Messages dropped because the queue was full, since start.</summary>
    public long DroppedMessages { get; init; }

    /// <summary>Messages refused because they did not fit (cluster, recipient, removed sender, malformed), since
    /// start.</summary>
    public long RefusedMessages { get; init; }
}
