using Swarm.Raft;
using Swarm.Rpc;

namespace Swarm.Manager;

/// <summary>What Raft says to a proposal or a read, as callers are told.</summary>
internal static class RaftErrors
{
    /// <summary>A proposal that is not done, or of which nobody knows.</summary>
    /// <param name="result">Of any outcome but done.</param>
    /// <param name="handsOver">The leadership is being handed over: who waits has only to ask another.</param>
    internal static RpcException OfProposal(ProposeResult result, bool handsOver) =>
        result.Outcome == ProposeOutcome.NotDone ? NotDone(result, handsOver) : Errors.UnknownOutcome();

    /// <summary>A read that was not confirmed; null when the failure is not of that kind.</summary>
    internal static RpcException? OfRead(Exception failure) => failure switch
    {
        TooManyReadsException => Errors.TooManyReads(),
        NotLeaderException or OperationCanceledException => Errors.NoLeader(),
        _ => null,
    };

    private static RpcException NotDone(ProposeResult result, bool handsOver) => result.Reason switch
    {
        NotDoneReason.Busy when handsOver => Errors.LostLeadership(),
        NotDoneReason.Busy => new RpcException(
            RpcStatusCode.ResourceExhausted,
            "the managers are busy: too many changes wait for the log; try again"
            + (result.Message.Length > 0 ? $" ({result.Message})" : "")),
        NotDoneReason.TooLarge => new RpcException(
            RpcStatusCode.ResourceExhausted, "the change is larger than a log entry may be (1 MiB)"),
        NotDoneReason.DiskFull => new RpcException(
            RpcStatusCode.ResourceExhausted,
            result.Message + ": nothing can be changed until there is space again; running tasks go on "
            + "(docs/runbook/disk-full.md)"),
        _ => Errors.LostLeadership(),
    };
}
