using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Manager;

/// <summary>
/// Joins people who read logs with the nodes that have them: one subscription a reader, told to every node that runs
/// or ran one of the tasks; lines come back over streams of the nodes' own.
/// </summary>
internal sealed class LogBroker(ClusterStore store, Dispatcher dispatcher)
{
    /// <summary>Lines that may wait for a reader; the nodes wait when it is slow.</summary>
    private const int MaxWaitingLines = 1024;

    /// <summary>Readers at a time.</summary>
    private const int MaxSubscriptions = 256;

    private static readonly TimeSpan NodeAnswerTimeout = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Subscription> _subscriptions = new();
    private long _lastId;

    /// <summary>Lines of the tasks until all logs ended (not following) or the reader hangs up.</summary>
    internal async IAsyncEnumerable<ServiceLogsResponse> ReadAsync(
        IReadOnlyList<TaskRecord> tasks, ServiceLogsRequest request,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        if (_subscriptions.Count >= MaxSubscriptions)
        {
            throw new RpcException(
                RpcStatusCode.ResourceExhausted, $"{MaxSubscriptions} log readers are served already; try again");
        }

        var id = Interlocked.Increment(ref _lastId).ToString(CultureInfo.InvariantCulture);
        var subscription = new Subscription();
        _subscriptions[id] = subscription;
        var asked = new List<NodeId>();
        try
        {
            foreach (var node in tasks.Where(t => !t.NodeId.IsNone).GroupBy(t => t.NodeId))
            {
                subscription.Expect(node.Key);
                if (await dispatcher.SendAsync(node.Key, Order(id, node, request)).ConfigureAwait(false))
                {
                    asked.Add(node.Key);
                    continue;
                }

                subscription.Ended(node.Key);
                yield return Warning(node.Key);
            }

            await foreach (
                var line in subscription.ReadAsync(request.Follow, NodeAnswerTimeout, ct).ConfigureAwait(false))
            {
                yield return Describe(line);
            }

            foreach (var silent in subscription.Silent)
            {
                yield return Warning(silent);
            }
        }
        finally
        {
            _subscriptions.TryRemove(id, out _);
            foreach (var node in asked)
            {
                await dispatcher.SendAsync(node, new SessionResponse
                {
                    Logs = new LogSubscription { SubscriptionId = id, Cancel = true },
                }).ConfigureAwait(false);
            }
        }
    }

    /// <summary>One node's stream of lines.</summary>
    internal async Task TakeAsync(NodeId node, IAsyncEnumerable<PublishLogsRequest> lines, CancellationToken ct)
    {
        Subscription? subscription = null;
        try
        {
            await foreach (var line in lines.WithCancellation(ct).ConfigureAwait(false))
            {
                if (store.Current.Tasks.Get(new TaskId(line.TaskId))?.NodeId != node)
                {
                    throw new RpcException(
                        RpcStatusCode.PermissionDenied, $"task {line.TaskId} is not a task of node {node}");
                }

                if (!_subscriptions.TryGetValue(line.SubscriptionId, out subscription))
                {
                    throw new RpcException(RpcStatusCode.Cancelled, "nobody reads these lines any more");
                }

                await subscription.WriteAsync(line, ct).ConfigureAwait(false);
            }
        }
        finally
        {
            foreach (var waiting in subscription is null ? _subscriptions.Values : [subscription])
            {
                waiting.Ended(node);
            }
        }
    }

    private static SessionResponse Order(
        string id, IEnumerable<TaskRecord> tasks, ServiceLogsRequest request)
    {
        var order = new LogSubscription
        {
            SubscriptionId = id, Follow = request.Follow, Tail = request.Tail, SinceNs = request.SinceNs,
        };
        order.TaskIds.Add(tasks.Select(t => t.Id.Value));
        return new SessionResponse { Logs = order };
    }

    private ServiceLogsResponse Describe(PublishLogsRequest line)
    {
        var state = store.Current;
        var response = new ServiceLogsResponse
        {
            TaskId = line.TaskId, AtNs = line.AtNs, Stderr = line.Stderr, Line = line.Line,
        };
        if (state.Tasks.Get(new TaskId(line.TaskId)) is { } task)
        {
            response.NodeId = task.NodeId.Value;
            response.NodeHostname = state.Nodes.Get(task.NodeId)?.Hostname ?? task.NodeId.Value;
            response.ServiceId = task.ServiceId.Value;
            response.Slot = task.Slot;
            response.TaskName = TaskNames.Of(state.Services.Get(task.ServiceId)?.Spec.Name ?? "", task);
        }

        return response;
    }

    private ServiceLogsResponse Warning(NodeId node) => new()
    {
        NodeId = node.Value,
        Warning = $"node {store.Current.Nodes.Get(node)?.Hostname ?? node.Value} is not available: its logs are "
            + $"missing",
    };

    private sealed class Subscription
    {
        private readonly Channel<PublishLogsRequest> _lines =
            Channel.CreateBounded<PublishLogsRequest>(MaxWaitingLines);
        private readonly ConcurrentDictionary<NodeId, bool> _open = new();

        internal IEnumerable<NodeId> Silent => _open.Keys.Order();

        internal void Expect(NodeId node) => _open[node] = true;

        internal void Ended(NodeId node)
        {
            if (_open.TryRemove(node, out _) && _open.IsEmpty)
            {
                _lines.Writer.TryComplete();
            }
        }

        internal ValueTask WriteAsync(PublishLogsRequest line, CancellationToken ct) =>
            _lines.Writer.WriteAsync(line, ct);

        internal async IAsyncEnumerable<PublishLogsRequest> ReadAsync(
            bool follow, TimeSpan timeout,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
        {
            if (_open.IsEmpty)
            {
                _lines.Writer.TryComplete();
            }

            while (true)
            {
                var ready = _lines.Reader.WaitToReadAsync(ct).AsTask();
                if (!follow && await Task.WhenAny(ready, Task.Delay(timeout, ct)).ConfigureAwait(false) != ready)
                {
                    yield break;
                }

                if (!await ready.ConfigureAwait(false))
                {
                    yield break;
                }

                while (_lines.Reader.TryRead(out var line))
                {
                    yield return line;
                }
            }
        }
    }
}
