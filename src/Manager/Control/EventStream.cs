using Google.Protobuf;
using Swarm.Manager.Core;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>
/// The watch: what happened, revision after revision, without gap or repetition. A watcher has no queue of its own;
/// it reads the history at its own pace, and one that falls out of it is told so (raft-pitfalls R20).
/// </summary>
internal sealed class EventStream(LeaderContext leader)
{
    /// <summary>Events of one message: about 1 MiB.</summary>
    private const int MaxEvents = 2_000;

    /// <summary>A watcher to whom nothing happens learns that often how far the swarm is, to resume there.</summary>
    private const int SilentSteps = 1_000;

    /// <summary>A watch with an end in the far future ends here; it is taken up again like any other.</summary>
    private static readonly TimeSpan LongestWatch = TimeSpan.FromDays(20);

    internal async Task WatchAsync(
        WatchRequest request, IResponseStream<WatchResponse> responses, CancellationToken ct)
    {
        var filter = new EventFilter(request);
        if (filter.Fault is { } fault)
        {
            throw new RpcException(RpcStatusCode.InvalidArgument, fault);
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct, leader.Session.Leading);
        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        var now = state.LastIndex;
        RefuseOtherEpoch(request, state);
        var (after, forgotten) = Begin(request, now);
        if (after > now)
        {
            throw new RpcException(
                RpcStatusCode.OutOfRange,
                $"revision {after} has not happened yet, the newest is {now}; it may be of another swarm");
        }

        try
        {
            await responses.WriteAsync(
                new WatchResponse { Revision = after, Epoch = state.Epoch, ForgottenUntilNs = forgotten },
                ending.Token).ConfigureAwait(false);
            await FollowAsync(after, filter, request, responses, ending.Token).ConfigureAwait(false);
        }
        catch (CompactedException e)
        {
            throw new RpcException(
                RpcStatusCode.OutOfRange, e.Message, Details(e.Oldest, state.Epoch));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new RpcException(
                RpcStatusCode.Unavailable, "the leader changed; watch again after the last revision that you got");
        }
    }

    /// <summary>After a restore, or when the swarm was begun anew, a revision from before may exist again and stand for
    /// something else: going on after it would leave out or repeat what nobody could see.</summary>
    private void RefuseOtherEpoch(WatchRequest request, ClusterState state)
    {
        if (request.HasAfterRevision && request.Epoch != state.Epoch)
        {
            throw new RpcException(
                RpcStatusCode.OutOfRange,
                $"revision {request.AfterRevision} is of epoch {request.Epoch} of the swarm, which began anew as epoch "
                + $"{state.Epoch}: list the objects again and watch from the revision and epoch of that answer",
                Details(leader.Store.Oldest.Floor, state.Epoch));
        }
    }

    private static byte[] Details(ulong oldest, ulong epoch) =>
        new Compacted { OldestRevision = oldest, Epoch = epoch }.ToByteArray();

    /// <summary>Where to begin, and up to when something that was asked for is forgotten (0 = nothing is).</summary>
    private (ulong After, long ForgottenUntilNs) Begin(WatchRequest request, ulong now)
    {
        if (request.HasAfterRevision || !request.HasSinceNs)
        {
            return (request.HasAfterRevision ? request.AfterRevision : now, 0);
        }

        var (floor, oldest) = leader.Store.Oldest;
        var from = floor == 0 ? 0 : Timestamps.ToNs(oldest ?? leader.Store.Clock.GetUtcNow());
        return (Math.Min(floor, now), from > request.SinceNs ? from : 0);
    }

    private async Task FollowAsync(
        ulong after, EventFilter filter, WatchRequest request, IResponseStream<WatchResponse> responses,
        CancellationToken ct)
    {
        var since = request.HasSinceNs ? request.SinceNs : long.MinValue;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        EndAt(end, request);
        var silent = 0;
        while (await NextAsync(after, end.Token, ct).ConfigureAwait(false) is { } steps)
        {
            foreach (var step in steps)
            {
                var at = Timestamps.ToNs(step.At);
                if (request.HasUntilNs && at > request.UntilNs)
                {
                    return;
                }

                after = step.Index;
                var sent = at >= since
                    && await SendAsync(step, leader.Store.Current.Epoch, filter, responses, ct).ConfigureAwait(false);
                silent = sent ? 0 : silent + 1;
            }

            if (silent >= SilentSteps)
            {
                silent = 0;
                await responses.WriteAsync(
                    new WatchResponse { Revision = after, Epoch = leader.Store.Current.Epoch }, ct)
                    .ConfigureAwait(false);
            }
        }
    }

    private void EndAt(CancellationTokenSource end, WatchRequest request)
    {
        if (request.HasUntilNs)
        {
            var left = Timestamps.FromNs(request.UntilNs) - leader.Store.Clock.GetUtcNow();
            end.CancelAfter(left <= TimeSpan.Zero ? TimeSpan.Zero : left < LongestWatch ? left : LongestWatch);
        }
    }

    /// <summary>Null when the time is over and everything up to it was told.</summary>
    private async Task<IReadOnlyList<StateStep>?> NextAsync(
        ulong after, CancellationToken end, CancellationToken ct)
    {
        try
        {
            return await leader.Store.StepsAfterAsync(after, end).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task<bool> SendAsync(
        StateStep step, ulong epoch, EventFilter filter, IResponseStream<WatchResponse> responses, CancellationToken ct)
    {
        var events = StateEvents.Of(step).Where(filter.Wants).Chunk(MaxEvents).ToList();
        for (var i = 0; i < events.Count; i++)
        {
            var message = new WatchResponse
            {
                Revision = step.Index, Epoch = epoch, More = i < events.Count - 1,
            };
            message.Events.Add(events[i]);
            await responses.WriteAsync(message, ct).ConfigureAwait(false);
        }

        return events.Count > 0;
    }
}
