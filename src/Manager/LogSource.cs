using System.Collections.Concurrent;
using System.Threading.Channels;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>What one node was asked of some tasks' logs for one reader, and what it answers.</summary>
internal sealed class LogSource(
    string id, NodeId node, IReadOnlyList<TaskId> tasks, IEnumerable<LogPlace> places)
{
    /// <summary>Lines that may wait for the reader; then the node waits. One has 256 KiB at most.</summary>
    private const int MaxWaitingLines = 32;

    private readonly Channel<ServiceLogsResponse> _lines =
        Channel.CreateBounded<ServiceLogsResponse>(MaxWaitingLines);

    private readonly HashSet<TaskId> _tasks = [.. tasks];
    private readonly ConcurrentDictionary<TaskId, LogPlace> _places =
        new(places.Select(p => KeyValuePair.Create(new TaskId(p.TaskId), p)));

    private readonly TaskCompletionSource<bool> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _answers;

    internal string Id => id;

    internal NodeId Node => node;

    internal IReadOnlyList<TaskId> Tasks => tasks;

    internal ChannelReader<ServiceLogsResponse> Lines => _lines.Reader;

    /// <summary>The node has begun to answer.</summary>
    internal bool Answers => _answers;

    /// <summary>False when it broke off before the logs had ended.</summary>
    internal Task<bool> Ended => _ended.Task;

    /// <summary>How far each log was taken; as it was asked for before its first line.</summary>
    internal IReadOnlyDictionary<TaskId, LogPlace> Places => _places;

    /// <summary>One message of the node; waits for the reader when it is slow.</summary>
    /// <exception cref="RpcException">The node sends what it was not asked for.</exception>
    internal async Task TakeAsync(ClusterState state, PublishLogsRequest line, CancellationToken ct)
    {
        _answers = true;
        if (line.TaskId.Length == 0)
        {
            return;
        }

        if (!_tasks.Contains(new TaskId(line.TaskId)))
        {
            throw new RpcException(
                RpcStatusCode.PermissionDenied, $"node {node} was not asked for the log of {line.TaskId}");
        }

        try
        {
            await _lines.Writer.WriteAsync(Describe(state, line), ct).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new RpcException(RpcStatusCode.Cancelled, "nobody reads these lines any more");
        }

        if (line.Nth > 0)
        {
            _places[new TaskId(line.TaskId)] = new LogPlace
            {
                TaskId = line.TaskId, AtNs = line.AtNs, Stderr = line.Stderr, Nth = line.Nth,
            };
        }
    }

    /// <summary>Nothing more comes.</summary>
    internal void End(bool complete)
    {
        _ended.TrySetResult(complete);
        _lines.Writer.TryComplete();
    }

    private static ServiceLogsResponse Describe(ClusterState state, PublishLogsRequest line)
    {
        var response = new ServiceLogsResponse
        {
            TaskId = line.TaskId, AtNs = line.AtNs, Stderr = line.Stderr, Line = line.Line, Nth = line.Nth,
        };
        response.Details.Add(line.Details);
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
}
