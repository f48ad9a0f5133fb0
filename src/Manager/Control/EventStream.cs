using Google.Protobuf;
using Swarm.Manager.Core;
using Swarm.Protocol.V1;
using Swarm.Rpc;

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

    internal async Task WatchAsync(
        WatchRequest request, IResponseStream<WatchResponse> responses, CancellationToken ct)
    {
        var filter = new EventFilter(request);
        if (filter.Fault is { } fault)
        {
            throw new RpcException(RpcStatusCode.InvalidArgument, fault);
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct, leader.Session.Leading);
        var now = (await leader.FreshStateAsync(ct).ConfigureAwait(false)).LastIndex;
        var after = request.HasAfterRevision ? request.AfterRevision : now;
        if (after > now)
        {
            throw new RpcException(
                RpcStatusCode.OutOfRange,
                $"revision {after} has not happened yet, the newest is {now}; it may be of another swarm");
        }

        try
        {
            await responses.WriteAsync(new WatchResponse { Revision = after }, ending.Token).ConfigureAwait(false);
            await FollowAsync(after, filter, responses, ending.Token).ConfigureAwait(false);
        }
        catch (CompactedException e)
        {
            throw new RpcException(
                RpcStatusCode.OutOfRange, e.Message, new Compacted { OldestRevision = e.Oldest }.ToByteArray());
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new RpcException(
                RpcStatusCode.Unavailable, "the leader changed; watch again after the last revision that you got");
        }
    }

    private async Task FollowAsync(
        ulong after, EventFilter filter, IResponseStream<WatchResponse> responses, CancellationToken ct)
    {
        var silent = 0;
        while (true)
        {
            foreach (var step in await leader.Store.StepsAfterAsync(after, ct).ConfigureAwait(false))
            {
                after = step.Index;
                var events = StateEvents.Of(step).Where(filter.Wants).Chunk(MaxEvents).ToList();
                silent = events.Count > 0 ? 0 : silent + 1;
                for (var i = 0; i < events.Count; i++)
                {
                    var message = new WatchResponse { Revision = step.Index, More = i < events.Count - 1 };
                    message.Events.Add(events[i]);
                    await responses.WriteAsync(message, ct).ConfigureAwait(false);
                }
            }

            if (silent >= SilentSteps)
            {
                silent = 0;
                await responses.WriteAsync(new WatchResponse { Revision = after }, ct).ConfigureAwait(false);
            }
        }
    }
}
