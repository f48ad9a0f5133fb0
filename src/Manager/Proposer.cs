using System.Collections.Immutable;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>
/// Puts actions into the log and tells what became of them. Of the three outcomes of a proposal only "done" is a
/// success; "unknown" is never told as a failure that is certain (raft-pitfalls R19).
/// </summary>
internal sealed class Proposer(RaftNode raft, ClusterStore store)
{
    /// <summary>How long a user's command may wait for the log.</summary>
    internal static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Proposes actions as one entry that happens at the given time.</summary>
    /// <exception cref="RpcException">Not done (UNAVAILABLE, RESOURCE_EXHAUSTED) or unknown
    /// (DEADLINE_EXCEEDED).</exception>
    internal async Task<ApplyResult> ProposeAsync(
        IEnumerable<StoreAction> actions, DateTimeOffset at, CancellationToken ct)
    {
        var entry = new StoreEntry(at, [.. actions]);
        var bytes = EntryCodec.Encode(entry);
        var result = await raft.ProposeAsync(bytes, ct).ConfigureAwait(false);
        return result.Outcome switch
        {
            ProposeOutcome.Done => (ApplyResult)result.Result!,
            ProposeOutcome.NotDone => throw Refused(result),
            _ => throw new RpcException(
                RpcStatusCode.DeadlineExceeded,
                "it is not known whether the change was made: the leader changed meanwhile; look, then try again"),
        };
    }

    /// <summary>Proposes one user command and turns a refusal of the state into its error.</summary>
    internal async Task<ApplyResult> CommandAsync(StoreAction action, CancellationToken ct)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ct);
        bounded.CancelAfter(CommandTimeout);
        var result = await ProposeAsync([action], store.Clock.GetUtcNow(), bounded.Token).ConfigureAwait(false);
        if (result.Outcomes[0] is { IsApplied: false } refused)
        {
            throw Errors.From(refused);
        }

        return result;
    }

    private static RpcException Refused(ProposeResult result) => result.Reason switch
    {
        NotDoneReason.Busy => new RpcException(
            RpcStatusCode.ResourceExhausted, "the managers are busy: too many changes wait for the log; try again"),
        NotDoneReason.TooLarge => new RpcException(
            RpcStatusCode.ResourceExhausted, "the change is larger than a log entry may be (1 MiB)"),
        _ => Errors.LostLeadership(),
    };
}
