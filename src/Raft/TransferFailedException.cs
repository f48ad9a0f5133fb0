namespace Swarm.Raft;

/// <summary>Leadership stays where it is: the transfer was refused, or was not done within an election
/// timeout.</summary>
public sealed class TransferFailedException(NotDoneReason reason, string message) : Exception(message)
{
    /// <summary>Why it was refused; None when the successor did not take over in time.</summary>
    public NotDoneReason Reason { get; } = reason;
}
