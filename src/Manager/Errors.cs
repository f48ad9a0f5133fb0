using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>Refusals as people read them: what, why, what to do. The code decides swarmctl's exit code.</summary>
internal static class Errors
{
    private static readonly byte[] NotDone = new NotLeader { NotDone = true }.ToByteArray();

    /// <summary>What Apply refused.</summary>
    internal static RpcException From(ActionOutcome refused) => new(
        refused.Kind switch
        {
            RefusalKind.Conflict => RpcStatusCode.Aborted,
            RefusalKind.NotFound => RpcStatusCode.NotFound,
            RefusalKind.NameInUse => RpcStatusCode.AlreadyExists,
            RefusalKind.PortInUse => RpcStatusCode.AlreadyExists,
            _ => RpcStatusCode.FailedPrecondition,
        },
        refused.Message);

    /// <summary>Nothing has that id, name or prefix.</summary>
    internal static RpcException NotFound(string kind, string reference) =>
        new(RpcStatusCode.NotFound, $"{kind} {reference} not found");

    /// <summary>A prefix or hostname fits more than one.</summary>
    internal static RpcException Ambiguous(string kind, string reference, int matches) => new(
        RpcStatusCode.InvalidArgument,
        $"{kind} {reference} is ambiguous ({matches} matches found); use the full id");

    /// <summary>All faults of a request at once.</summary>
    internal static RpcException Invalid(IReadOnlyList<SpecFault> faults)
    {
        var list = new FaultList();
        list.Faults.Add(faults.Select(f => new Fault
        {
            Field = f.Field, Value = f.Value, Rule = f.Rule, Remedy = f.Remedy,
        }));
        var text = string.Join("; ", faults.Select(f => f.ToString()));
        return new RpcException(RpcStatusCode.InvalidArgument, text, list.ToByteArray());
    }

    /// <summary>Nobody leads: a quorum of managers is gone or an election is under way.</summary>
    internal static RpcException NoLeader() => new(
        RpcStatusCode.Unavailable,
        "the swarm does not have a leader: more than half of the managers may be unreachable; "
        + "running tasks go on, nothing can be changed until enough managers are back",
        NotDone);

    /// <summary>The leadership went away before anything was done.</summary>
    internal static RpcException LostLeadership() => new(
        RpcStatusCode.Unavailable, "this manager stopped being the leader; try again", NotDone);

    /// <summary>True when the request certainly had no effect and another manager may be asked.</summary>
    internal static bool IsNotDone(RpcException e) => e.NeverSent
        || (e is { Code: RpcStatusCode.Unavailable, Details: { Length: > 0 } details }
            && NotLeader.Parser.ParseFrom(details).NotDone);
}
