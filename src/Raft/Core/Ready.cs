namespace Swarm.Raft.Core;

/// <summary>
/// One step's work for the shell, in this order: send <see cref="MessagesBeforeSync"/>; write <see
/// cref="SnapshotWrites"/> aside; begin to read what is to <see cref="Prepare"/>; when there is an <see
/// cref="Install"/>, put that snapshot durably in place of the log
/// and the state; write entries and hard state, and sync when <see cref="MustSync"/>; send <see cref="Messages"/> and
/// the pieces of <see cref="SnapshotReads"/>; apply <see cref="Committed"/>; hand out <see cref="ReadStates"/>; call
/// <see cref="RaftCore.Advance"/>.
/// </summary>
public sealed record Ready
{
    /// <summary>To be written when it is not null.</summary>
    public HardState? HardState { get; init; }

    /// <summary>To be written; the first may replace what the log holds from its index on.</summary>
    public required IReadOnlyList<RaftEntry> Entries { get; init; }

    /// <summary>A leader's messages, which depend on nothing that is not durable (thesis §10.2.1).</summary>
    public required IReadOnlyList<RaftMessage> MessagesBeforeSync { get; init; }

    /// <summary>Everything that promises something: only after the sync.</summary>
    public required IReadOnlyList<RaftMessage> Messages { get; init; }

    /// <summary>To be applied, contiguous, each exactly once.</summary>
    public required IReadOnlyList<RaftEntry> Committed { get; init; }

    /// <summary>Answers to <see cref="RaftCore.ReadIndex"/>.</summary>
    public required IReadOnlyList<ReadState> ReadStates { get; init; }

    /// <summary>Pieces of a snapshot that comes in; a piece with offset 0 begins a new one and drops the one
    /// before.</summary>
    public required IReadOnlyList<SnapshotRequest> SnapshotWrites { get; init; }

    /// <summary>Pieces of this member's snapshots that are to be sent.</summary>
    public required IReadOnlyList<SnapshotRead> SnapshotReads { get; init; }

    /// <summary>
    /// The snapshot that came in whole, of which <see cref="SnapshotWrites"/> has the last piece: it is to be made
    /// durable and read, in as much time as that takes, and then <see cref="RaftCore.SnapshotPrepared"/> is called.
    /// </summary>
    public SnapshotMark? Prepare { get; init; }

    /// <summary>The snapshot that was prepared: it takes the place of log and state now.</summary>
    public SnapshotMark? Install { get; init; }

    /// <summary>Hard state that goes with <see cref="Install"/>: the log ends at its mark then.</summary>
    public HardState InstallState { get; init; }

    /// <summary>The write must be on the medium before anything of <see cref="Messages"/> leaves.</summary>
    public bool MustSync { get; init; }
}

/// <summary>
/// A read may be served once everything up to <paramref name="Index"/> is applied; when not
/// <paramref name="Confirmed"/>, the leader was lost, or too many reads wait there, and the read has to be asked again.
/// </summary>
public readonly record struct ReadState(ulong RequestId, ulong Index, bool Confirmed)
{
    internal NotDoneReason Refusal => Confirmed ? NotDoneReason.None
        : Index == Reads.BusyMark ? NotDoneReason.Busy
        : NotDoneReason.NotLeader;
}

/// <summary>Why a message was not acted upon, or that it was.</summary>
public enum StepOutcome
{
    /// <summary>It was acted upon, or rightly changed nothing.</summary>
    Handled,

    /// <summary>Another cluster's.</summary>
    WrongCluster,

    /// <summary>Meant for another member: an address was reused.</summary>
    WrongRecipient,

    /// <summary>From a member that was removed.</summary>
    RemovedSender,

    /// <summary>From an earlier term.</summary>
    StaleTerm,

    /// <summary>A vote is not given away while a leader is heard (thesis §4.2.3).</summary>
    LeaderIsHeard,

    /// <summary>Numbers that no member of this cluster can say.</summary>
    Malformed,

    /// <summary>A kind that only newer versions know.</summary>
    Unknown,
}

/// <summary>What became of a proposal at the door.</summary>
/// <param name="Index">Where it stands in the log, when it was taken.</param>
/// <param name="Term">Term of that entry.</param>
/// <param name="Refusal">Why it was not taken; None when it was.</param>
/// <param name="Why">The refusal in words.</param>
public readonly record struct ProposalReceipt(ulong Index, ulong Term, NotDoneReason Refusal, string Why)
{
    internal static ProposalReceipt Refuse(NotDoneReason refusal, string why) => new(0, 0, refusal, why);
}
