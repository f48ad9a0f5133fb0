namespace Swarm.Raft;

/// <summary>The three outcomes of a proposal. Only the first two are certain.</summary>
public enum ProposeOutcome
{
    /// <summary>Committed, and applied here.</summary>
    Done,

    /// <summary>It will never be applied.</summary>
    NotDone,

    /// <summary>It may or may not be applied: the leader lost its office, or the caller its patience.</summary>
    Unknown,
}

/// <summary>Why something was not taken.</summary>
public enum NotDoneReason
{
    /// <summary>It was taken.</summary>
    None,

    /// <summary>Another member leads, or nobody does.</summary>
    NotLeader,

    /// <summary>Too much waits already; try again later.</summary>
    Busy,

    /// <summary>Larger than <see cref="RaftLimits.MaxEntryBytes"/>.</summary>
    TooLarge,

    /// <summary>Another membership change is in flight, or the term is too young for one; try again.</summary>
    ChangePending,

    /// <summary>The membership change does not fit; the text says why.</summary>
    ChangeRefused,

    /// <summary>The caller gave up before it was handed in.</summary>
    Cancelled,

    /// <summary>This node is stopping or has failed.</summary>
    Stopped,

    /// <summary>The disk of this member has no room but its reserve; free space, it goes on by itself.</summary>
    DiskFull,
}

/// <summary>What became of a proposal.</summary>
/// <param name="Outcome">Done, not done, or unknown.</param>
/// <param name="Reason">Why it was not done.</param>
/// <param name="Index">Its place in the log, when done.</param>
/// <param name="Result">What the state machine answered, when done.</param>
public sealed record ProposeResult(ProposeOutcome Outcome, NotDoneReason Reason, ulong Index, object? Result)
{
    /// <summary>Reason in words, or why the outcome is unknown.</summary>
    public string Message { get; init; } = "";

    /// <summary>Where to try instead, when that is known.</summary>
    public RaftMember? Leader { get; init; }

    internal static ProposeResult Done(ulong index, object? result) =>
        new(ProposeOutcome.Done, NotDoneReason.None, index, result);

    internal static ProposeResult NotDone(NotDoneReason reason, string message) =>
        new(ProposeOutcome.NotDone, reason, 0, null) { Message = message };

    internal static ProposeResult Unknown(string message) =>
        new(ProposeOutcome.Unknown, NotDoneReason.None, 0, null) { Message = message };
}
