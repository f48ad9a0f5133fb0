using System.Threading.Channels;
using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Containers;

namespace Swarm.Worker;

/// <summary>Answers the leader's log subscriptions with a stream each, until the log ends or it is cancelled.</summary>
internal sealed class LogPublisher(ITaskLogs logs, RpcChannel channel, WorkerLog log) : IAsyncDisposable
{
    /// <summary>Subscriptions that are answered at a time; one more is ignored and the leader reports it.</summary>
    private const int MaxSubscriptions = 64;

    /// <summary>Lines of one task that are read ahead; one has 256 KiB at most.</summary>
    private const int MaxWaitingLines = 16;

    /// <summary>How long a task that writes nothing holds up the others' lines for the sake of their order.</summary>
    private static readonly TimeSpan FollowPatience = TimeSpan.FromMilliseconds(150);

    private static readonly RpcMethod<PublishLogsRequest, PublishLogsResponse> PublishMethod =
        RpcMethod<PublishLogsRequest,
            PublishLogsResponse>.Of(DispatcherReflection.Descriptor.Services[0], "PublishLogs");

    private readonly Dictionary<string, (CancellationTokenSource Stop, Task Run)> _running = [];

    internal void Take(LogSubscription subscription)
    {
        foreach (var done in _running.Where(r => r.Value.Run.IsCompleted).Select(r => r.Key).ToList())
        {
            _running.Remove(done);
        }

        if (subscription.Cancel)
        {
            if (_running.TryGetValue(subscription.SubscriptionId, out var running))
            {
                running.Stop.Cancel();
            }

            return;
        }

        if (_running.Count >= MaxSubscriptions)
        {
            log.LogsFailed(subscription.SubscriptionId, $"{MaxSubscriptions} subscriptions are running on this node");
            return;
        }

        var stop = new CancellationTokenSource();
        _running[subscription.SubscriptionId] = (stop, Task.Run(() => PublishAsync(subscription, stop.Token)));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (stop, _) in _running.Values)
        {
            await stop.CancelAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(_running.Values.Select(r => r.Run)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task PublishAsync(LogSubscription subscription, CancellationToken ct)
    {
        try
        {
            await using var call = channel.ClientStream(PublishMethod, ct: ct);
            await call.WriteAsync(
                new PublishLogsRequest { SubscriptionId = subscription.SubscriptionId }, ct).ConfigureAwait(false);
            await PublishAsync(subscription, call, ct).ConfigureAwait(false);
            await call.CompleteAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            log.Note($"log subscription {subscription.SubscriptionId} was cancelled");
        }
        catch (Exception e) when (e is RpcException or IOException)
        {
            log.LogsFailed(subscription.SubscriptionId, e.Message);
        }
    }

    /// <summary>All of its tasks' lines by time, so that the leader has one sequence a node to merge.</summary>
    private async Task PublishAsync(
        LogSubscription subscription, ClientStreamCall<PublishLogsRequest, PublishLogsResponse> call,
        CancellationToken ct)
    {
        var merge = new TimeMerge<PublishLogsRequest>(
            static l => l.AtNs, subscription.Follow ? FollowPatience : Timeout.InfiniteTimeSpan);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var reading = subscription.TaskIds.Select(task => ReadAsync(subscription, task, merge, end.Token)).ToList();
        merge.Complete();
        try
        {
            await foreach (var line in merge.ReadAllAsync(ct).ConfigureAwait(false))
            {
                await call.WriteAsync(line, ct).ConfigureAwait(false);
            }

            await Task.WhenAll(reading).ConfigureAwait(false);
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync(
        LogSubscription subscription, string task, TimeMerge<PublishLogsRequest> merge, CancellationToken ct)
    {
        var waiting = Channel.CreateBounded<PublishLogsRequest>(MaxWaitingLines);
        merge.Add(waiting.Reader);
        try
        {
            // Reading files ahead is not to hold up the others.
            await Task.Yield();
            var details = subscription.Details ? logs.DetailsOf(task) : new Dictionary<string, string>();
            var lines = logs.ReadAsync(task, QueryOf(subscription, task), ct);
            await foreach (var line in lines.WithCancellation(ct).ConfigureAwait(false))
            {
                var request = new PublishLogsRequest
                {
                    SubscriptionId = subscription.SubscriptionId,
                    TaskId = task,
                    AtNs = SpecDefaults.ToNs(line.At - DateTimeOffset.UnixEpoch),
                    Stderr = line.IsStandardError,
                    Line = UnsafeByteOperations.UnsafeWrap(line.Line),
                    Nth = (ulong)line.Nth,
                };
                request.Details.Add(details.ToDictionary());
                await waiting.Writer.WriteAsync(request, ct).ConfigureAwait(false);
            }
        }
        finally
        {
            waiting.Writer.Complete();
        }
    }

    private static LogQuery QueryOf(LogSubscription subscription, string task)
    {
        var query = new LogQuery(
            subscription.Tail, subscription.SinceNs > 0 ? At(subscription.SinceNs) : null, subscription.Follow);
        return subscription.Places.FirstOrDefault(p => p.TaskId == task) is { } place
            ? query with { After = new LogPosition(At(place.AtNs), place.Stderr, (long)place.Nth) }
            : query;
    }

    private static DateTimeOffset At(long ns) => DateTimeOffset.UnixEpoch + SpecDefaults.FromNs(ns);
}
