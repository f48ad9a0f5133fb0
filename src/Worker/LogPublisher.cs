using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Worker;

/// <summary>Answers the leader's log subscriptions with a stream each, until the log ends or it is cancelled.</summary>
internal sealed class LogPublisher(ITaskLogs logs, RpcChannel channel, WorkerLog log) : IAsyncDisposable
{
    /// <summary>Subscriptions that are answered at a time; one more is ignored and the leader reports it.</summary>
    private const int MaxSubscriptions = 64;

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
            using var writing = new SemaphoreSlim(1, 1);
            await Task.WhenAll(subscription.TaskIds.Select(
                task => PublishTaskAsync(subscription, task, call, writing, ct))).ConfigureAwait(false);
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

    private async Task PublishTaskAsync(
        LogSubscription subscription, string task, ClientStreamCall<PublishLogsRequest, PublishLogsResponse> call,
        SemaphoreSlim writing, CancellationToken ct)
    {
        DateTimeOffset? since = subscription.SinceNs > 0
            ? DateTimeOffset.UnixEpoch + SpecDefaults.FromNs(subscription.SinceNs)
            : null;
        var lines = logs.ReadAsync(task, subscription.Tail, since, subscription.Follow, ct);
        await foreach (var line in lines.WithCancellation(ct).ConfigureAwait(false))
        {
            await writing.WaitAsync(ct).ConfigureAwait(false);
            try
            {
                await call.WriteAsync(new PublishLogsRequest
                {
                    SubscriptionId = subscription.SubscriptionId,
                    TaskId = task,
                    AtNs = SpecDefaults.ToNs(line.At - DateTimeOffset.UnixEpoch),
                    Stderr = line.IsStandardError,
                    Line = ByteString.CopyFrom(line.Line.Span),
                }, ct).ConfigureAwait(false);
            }
            finally
            {
                writing.Release();
            }
        }
    }
}
