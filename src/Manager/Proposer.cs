using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>
/// Puts actions into the log and tells what became of them. Of the three outcomes of a proposal only "done" is a
/// success; "unknown" is never told as a failure that is certain (raft-pitfalls R19).
/// </summary>
internal sealed class Proposer(
    RaftNode raft, ClusterStore store, HandOver? handOver = null, RequestSteps? request = null)
{
    /// <summary>How long a user's command may wait for the log.</summary>
    internal static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A proposer for the commands of one request: what it puts into the log acts once, however often the
    /// request comes (R18).</summary>
    internal Proposer For(AskedCommand? command) =>
        command is null ? this : new Proposer(raft, store, handOver, new RequestSteps(command));

    /// <summary>Proposes actions as one entry that happens at the given time.</summary>
    /// <exception cref="RpcException">Not done (UNAVAILABLE, RESOURCE_EXHAUSTED, FAILED_PRECONDITION) or unknown
    /// (DEADLINE_EXCEEDED).</exception>
    internal Task<ApplyResult> ProposeAsync(
        IEnumerable<StoreAction> actions, DateTimeOffset at, CancellationToken ct) =>
        ProposeAsync(new StoreEntry(at, [.. actions]), ct);

    /// <summary>Proposes a plan; parts of it that rest on what has changed meanwhile are refused.</summary>
    /// <exception cref="RpcException">As above.</exception>
    internal Task<ApplyResult> ProposeAsync(Plan plan, DateTimeOffset at, CancellationToken ct) =>
        ProposeAsync(new StoreEntry(at, plan.Actions) { PlannedOn = plan.PlannedOn }, ct);

    /// <summary>Proposes one user command and turns a refusal of the state into its error.</summary>
    internal async Task<ApplyResult> CommandAsync(StoreAction action, CancellationToken ct)
    {
        store.Users.Seen();
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ct);
        bounded.CancelAfter(CommandTimeout);
        var now = store.Clock.GetUtcNow();
        var step = request?.Next(action);
        if (step is not null && request!.MayBeForgotten(step, store.Current.Requests, now))
        {
            throw Errors.UnknownOutcome();
        }

        var entry = StoreEntry.Of(now, action) with { Request = step };
        var result = await ProposeAsync(entry, bounded.Token, lend: true).ConfigureAwait(false);
        if (result.Outcomes[0] is { IsApplied: false } refused)
        {
            throw Errors.From(refused);
        }

        return result;
    }

    /// <summary>
    /// What became of this request's first action of a kind, when the request was here before: the checks before a
    /// command see a state in which the command has happened already, and would refuse it. Null when it is new.
    /// </summary>
    /// <exception cref="RpcException">It was refused then, or the id is of another request.</exception>
    internal RecentRequest? Earlier(ClusterState state, LogAction.KindOneofCase kind)
    {
        if (request?.First((uint)kind) is not { } mark)
        {
            return null;
        }

        if (state.Requests.Find(mark.Id) is not { } first)
        {
            return request.MayBeForgotten(mark, state.Requests, store.Clock.GetUtcNow())
                ? throw Errors.UnknownOutcome()
                : null;
        }

        return first.Mark.Digest != mark.Digest ? throw Errors.RequestReused()
            : first.Outcome.IsApplied ? first
            : throw Errors.From(first.Outcome);
    }

    private async Task<ApplyResult> ProposeAsync(StoreEntry entry, CancellationToken ct, bool lend = false)
    {
        var bytes = EntryCodec.Encode(FormatRules.Fit(entry, store.Current));
        var began = store.Clock.GetTimestamp();
        var result = await raft.ProposeAsync(bytes, ct, lend).ConfigureAwait(false);
        store.Counters.Proposed(store.Clock.GetElapsedTime(began), result.Outcome);
        return result.Outcome == ProposeOutcome.Done
            ? (ApplyResult)result.Result!
            : throw RaftErrors.OfProposal(result, handOver is { IsUnderWay: true });
    }
}
