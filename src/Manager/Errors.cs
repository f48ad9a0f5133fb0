using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>Refusals as people read them: what, why, what to do. The code decides swarmctl's exit code.</summary>
internal static class Errors
{
    private const string NoLeaderText =
        "the swarm does not have a leader: more than half of the managers may be unreachable; running tasks go on, "
        + "nothing can be changed until enough managers are back. Start the missing managers; `--stale` shows what "
        + "this one knows; if they are lost for ever: docs/runbook/quorum-lost.md";

    private static readonly byte[] NotDone = new NotLeader { NotDone = true }.ToByteArray();
    private static readonly byte[] Unknown = new NotLeader { Unknown = true }.ToByteArray();
    private static readonly byte[] Settled = new NotLeader { Settled = true }.ToByteArray();

    /// <summary>What Apply refused.</summary>
    internal static RpcException From(ActionOutcome refused) => new(
        refused.Kind switch
        {
            RefusalKind.Conflict => RpcStatusCode.Aborted,
            RefusalKind.NotFound => RpcStatusCode.NotFound,
            RefusalKind.NameInUse => RpcStatusCode.AlreadyExists,
            RefusalKind.PortInUse => RpcStatusCode.AlreadyExists,
            RefusalKind.InUse => RpcStatusCode.FailedPrecondition,
            RefusalKind.RequestReused => RpcStatusCode.InvalidArgument,
            _ => RpcStatusCode.FailedPrecondition,
        },
        refused.Message,
        refused.Kind == RefusalKind.Conflict
            ? new Conflict { CurrentVersion = refused.CurrentVersion }.ToByteArray()
            : null);

    /// <summary>Nothing has that id, name or prefix.</summary>
    internal static RpcException NotFound(string kind, string reference) =>
        new(RpcStatusCode.NotFound, $"{kind} {reference} not found");

    /// <summary>A prefix or hostname fits more than one.</summary>
    internal static RpcException Ambiguous(string kind, string reference, int matches) => new(
        RpcStatusCode.InvalidArgument,
        $"{kind} {reference} is ambiguous ({matches} matches found); use the full id");

    /// <summary>All faults of a request at once.</summary>
    internal static RpcException Invalid(IReadOnlyList<SpecFault> faults) =>
        Told(RpcStatusCode.InvalidArgument, faults);

    /// <summary>A name or port that another object has.</summary>
    internal static RpcException Taken(SpecFault fault) => Told(RpcStatusCode.AlreadyExists, [fault]);

    /// <summary>Something that the request names is not there.</summary>
    internal static RpcException Missing(IReadOnlyList<SpecFault> faults) => Told(RpcStatusCode.NotFound, faults);

    /// <summary>The present state does not allow it.</summary>
    internal static RpcException Impossible(SpecFault fault) => Told(RpcStatusCode.FailedPrecondition, [fault]);

    private static RpcException Told(RpcStatusCode code, IReadOnlyList<SpecFault> faults)
    {
        var list = new FaultList();
        list.Faults.Add(faults.Select(f => new Fault
        {
            Field = f.Field, Value = f.Value, Rule = f.Rule, Remedy = f.Remedy,
        }));
        var text = string.Join("; ", faults.Select(f => f.ToString()));
        return new RpcException(code, text, list.ToByteArray());
    }

    /// <summary>Nobody leads: a quorum of managers is gone or an election is under way. May be tried again.</summary>
    internal static RpcException NoLeader() => new(RpcStatusCode.Unavailable, NoLeaderText, NotDone);

    /// <summary>Nothing was asked; the same as for changes that wait.</summary>
    internal static RpcException TooManyReads() => new(
        RpcStatusCode.ResourceExhausted,
        "the managers are busy: too many reads wait for the leader's confirmation; try again");

    /// <summary>Nobody leads, for longer than an election takes.</summary>
    internal static RpcException NoQuorum() => new(RpcStatusCode.Unavailable, NoLeaderText, Settled);

    /// <summary>The leadership went away before anything was done.</summary>
    internal static RpcException LostLeadership() => new(
        RpcStatusCode.Unavailable, "this manager stopped being the leader; try again", NotDone);

    /// <summary>The leader changed, or the connection to it broke, while the change was on its way.</summary>
    internal static RpcException UnknownOutcome() => new(
        RpcStatusCode.DeadlineExceeded,
        "it is not known whether the change was made: the leader changed meanwhile; look, then try again",
        Unknown);

    /// <summary>What a caller is told instead of the failure of the last attempt; null when it says what is true.
    /// </summary>
    /// <param name="last">No further attempt is made.</param>
    /// <param name="hasId">The request acts once, however often it is made.</param>
    /// <param name="mayHaveActed">An earlier attempt may have.</param>
    /// <param name="knowsLeader">Somebody leads.</param>
    internal static RpcException? InsteadOf(RpcException last, bool hasId, bool mayHaveActed, bool knowsLeader) =>
        hasId && (RpcOutcome.IsUnknown(last) || (mayHaveActed && !RpcOutcome.IsAnswer(last))) ? UnknownOutcome()
        : !mayHaveActed && !knowsLeader && RpcOutcome.IsNotDone(last) ? NoQuorum()
        : null;

    /// <summary>Something outside the swarm is missing; nothing was stored, and trying at once will not help.</summary>
    internal static RpcException Outside(string message) => new(RpcStatusCode.Unavailable, message, Settled);

    /// <summary>The id of a request was used for another one.</summary>
    internal static RpcException RequestReused() => new(
        RpcStatusCode.InvalidArgument,
        "the id of this request was used for another one; a new request needs a new id");
}
