using Swarm.Protocol.V1;

namespace Swarm.Rpc;

/// <summary>
/// What a failed call says about the change that it asked for. There are three outcomes: done, not done, unknown; the
/// third is never told as the second (raft-pitfalls R19).
/// </summary>
public static class RpcOutcome
{
    /// <summary>Nothing was changed, and the call may be made again.</summary>
    public static bool IsNotDone(RpcException e) => e.NeverSent || Marks(e) is { NotDone: true };

    /// <summary>Something may have been changed: the answerer says so, or nothing was heard of it.</summary>
    public static bool IsUnknown(RpcException e) => !e.NeverSent
        && (Marks(e) is { } marks
            ? marks.Unknown
            : e.Code is RpcStatusCode.Unavailable or RpcStatusCode.DeadlineExceeded);

    /// <summary>
    /// An answer to the request as such, which under its id holds for all its attempts. That there is no leader, no
    /// room or too much to do says nothing about earlier ones.
    /// </summary>
    public static bool IsAnswer(RpcException e) => e.Code is
        RpcStatusCode.InvalidArgument or RpcStatusCode.NotFound or RpcStatusCode.AlreadyExists
        or RpcStatusCode.PermissionDenied or RpcStatusCode.FailedPrecondition or RpcStatusCode.Aborted
        or RpcStatusCode.OutOfRange or RpcStatusCode.Unimplemented or RpcStatusCode.Unauthenticated;

    private static NotLeader? Marks(RpcException e) =>
        e is { Code: RpcStatusCode.Unavailable or RpcStatusCode.DeadlineExceeded, Details: { Length: > 0 } details }
            ? NotLeader.Parser.ParseFrom(details)
            : null;
}
