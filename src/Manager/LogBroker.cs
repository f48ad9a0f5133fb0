using System.Collections.Concurrent;
using System.Globalization;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>
/// Joins people who read logs with the nodes that have them: nodes are told what is wanted over their sessions, and
/// their lines come back over streams of their own.
/// </summary>
/// <param name="store">Whose tasks they are.</param>
/// <param name="send">Tells a node something over its session; false when it has none.</param>
internal sealed class LogBroker(ClusterStore store, Func<NodeId, SessionResponse, Task<bool>> send)
{
    /// <summary>Readers at a time.</summary>
    private const int MaxReaders = 256;

    private readonly ConcurrentDictionary<string, LogSource> _sources = new();
    private int _readers;
    private long _lastId;

    /// <summary>Lines of tasks, in order of time, until all logs ended or the reader hangs up.</summary>
    internal async IAsyncEnumerable<ServiceLogsResponse> ReadAsync(
        LogScope scope, ServiceLogsRequest request,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        if (Interlocked.Increment(ref _readers) > MaxReaders)
        {
            Interlocked.Decrement(ref _readers);
            throw new RpcException(
                RpcStatusCode.ResourceExhausted, $"{MaxReaders} log readers are served already; try again");
        }

        try
        {
            await using var reading = new LogReading(this, store, scope, request);
            await foreach (var line in reading.RunAsync(ct).ConfigureAwait(false))
            {
                yield return line;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _readers);
        }
    }

    /// <summary>Asks a node; null when it has no session.</summary>
    internal async Task<LogSource?> AskAsync(NodeId node, IReadOnlyList<TaskId> tasks, LogSubscription order)
    {
        var id = Interlocked.Increment(ref _lastId).ToString(CultureInfo.InvariantCulture);
        var source = new LogSource(id, node, tasks, order.Places);
        _sources[id] = source;
        order.SubscriptionId = id;
        order.TaskIds.Add(tasks.Select(t => t.Value));
        if (await send(node, new SessionResponse { Logs = order }).ConfigureAwait(false))
        {
            return source;
        }

        _sources.TryRemove(id, out _);
        return null;
    }

    /// <summary>Nobody wants these lines any more.</summary>
    internal async Task CallOffAsync(LogSource source)
    {
        _sources.TryRemove(source.Id, out _);
        if (!source.Ended.IsCompleted)
        {
            source.End(complete: false);
            await send(source.Node, new SessionResponse
            {
                Logs = new LogSubscription { SubscriptionId = source.Id, Cancel = true },
            }).ConfigureAwait(false);
        }
    }

    /// <summary>One node's stream of lines; the first message may be none, and only say what it answers.</summary>
    /// <exception cref="RpcException">Nobody asked this node, or asks no more.</exception>
    internal async Task TakeAsync(NodeId node, IAsyncEnumerable<PublishLogsRequest> lines, CancellationToken ct)
    {
        LogSource? source = null;
        var complete = false;
        try
        {
            await foreach (var line in lines.WithCancellation(ct).ConfigureAwait(false))
            {
                source ??= _sources.TryGetValue(line.SubscriptionId, out var asked) && asked.Node == node
                    ? asked
                    : throw new RpcException(RpcStatusCode.Cancelled, "nobody reads these lines any more");
                await source.TakeAsync(store.Current, line, ct).ConfigureAwait(false);
            }

            complete = true;
        }
        finally
        {
            source?.End(complete);
        }
    }
}
