using System.Collections.Concurrent;
using System.Security.Cryptography;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Manager;

/// <summary>
/// Brings people who talk to a task together with its node: the node is told in its session to make a call, and what
/// either side says goes to the other at once. Nothing is kept here, so who does not read makes the other side wait.
/// </summary>
internal sealed class TaskSessionBroker(ClusterStore store, Dispatcher dispatcher, ManagerLog log)
{
    /// <summary>Conversations at a time.</summary>
    private const int MaxSessions = 256;

    private const int IdBytes = 16;
    private static readonly TimeSpan NodeAnswerTimeout = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Waiting> _waiting = new();
    private int _open;

    /// <summary>Runs one conversation until the task's side has ended it, or the caller goes.</summary>
    /// <param name="task">Whom it is with.</param>
    /// <param name="open">What the caller said first.</param>
    /// <param name="said">What he says after it; its token is that of <paramref name="over"/>.</param>
    /// <param name="responses">To the caller.</param>
    /// <param name="over">Cancelled when the caller goes, and here when the conversation has ended.</param>
    /// <exception cref="RpcException">The node cannot be reached, or was lost on the way.</exception>
    internal async Task RunAsync(
        TaskRecord task, OpenTaskSession open, IAsyncEnumerator<TaskSessionRequest> said,
        IResponseStream<TaskSessionResponse> responses, CancellationTokenSource over)
    {
        if (Interlocked.Increment(ref _open) > MaxSessions)
        {
            Interlocked.Decrement(ref _open);
            throw new RpcException(
                RpcStatusCode.ResourceExhausted, $"{MaxSessions} conversations with tasks are open already; end one");
        }

        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes));
        var waiting = new Waiting(task.NodeId);
        _waiting[id] = waiting;
        var typing = Task.CompletedTask;
        using var cut = over.Token.Register(waiting.Cut);
        try
        {
            var node = await CallNodeAsync(id, task, waiting, over.Token).ConfigureAwait(false);
            log.SessionBegins(open.WorkCase.ToString().ToLowerInvariant(), task.Id.Value, task.NodeId.Value);
            open.Task = task.Id.Value;
            await node.Requests.WriteAsync(new TaskSessionRequest { Open = open }, over.Token).ConfigureAwait(false);
            typing = ForwardAsync(said, node.Requests, over.Token);
            await RelayAsync(node, responses, Hostname(task.NodeId), over.Token).ConfigureAwait(false);
        }
        finally
        {
            _waiting.TryRemove(id, out _);
            await over.CancelAsync().ConfigureAwait(false);
            await typing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            waiting.Done.TrySetResult();
            Interlocked.Decrement(ref _open);
        }
    }

    /// <summary>A node's call for one conversation; it lasts as long as that.</summary>
    /// <exception cref="RpcException">Nobody waits for this node under that id.</exception>
    internal async Task TakeAsync(
        NodeId node, IAsyncEnumerable<TaskSessionResponse> answers, IResponseStream<TaskSessionRequest> requests,
        CancellationToken ct)
    {
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await using var said = answers.GetAsyncEnumerator(cut.Token);
        var id = await said.MoveNextAsync().ConfigureAwait(false) ? said.Current.Join : "";
        if (!_waiting.TryGetValue(id, out var waiting) || waiting.Node != node || !_waiting.TryRemove(id, out _))
        {
            throw new RpcException(RpcStatusCode.NotFound, $"no conversation waits for node {node} under this id");
        }

        if (waiting.Side.TrySetResult(new NodeSide(said, requests, cut)))
        {
            await waiting.Done.Task.ConfigureAwait(false);
        }
    }

    private async Task<NodeSide> CallNodeAsync(string id, TaskRecord task, Waiting waiting, CancellationToken ct)
    {
        var order = new SessionResponse
        {
            TaskSession = new TaskSessionOrder { SessionId = id, TaskId = task.Id.Value },
        };
        if (!await dispatcher.SendAsync(task.NodeId, order).ConfigureAwait(false))
        {
            throw new RpcException(
                RpcStatusCode.Unavailable,
                $"node {Hostname(task.NodeId)} is not connected: its tasks cannot be reached now");
        }

        try
        {
            return await waiting.Side.Task.WaitAsync(NodeAnswerTimeout, ct).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new RpcException(
                RpcStatusCode.Unavailable,
                $"node {Hostname(task.NodeId)} did not answer within {NodeAnswerTimeout.TotalSeconds:0} s: it is busy, "
                + "or runs an older version");
        }
    }

    private static async Task ForwardAsync(
        IAsyncEnumerator<TaskSessionRequest> said, IResponseStream<TaskSessionRequest> node, CancellationToken ct)
    {
        while (await said.MoveNextAsync().ConfigureAwait(false))
        {
            await node.WriteAsync(said.Current, ct).ConfigureAwait(false);
        }
    }

    private static async Task RelayAsync(
        NodeSide node, IResponseStream<TaskSessionResponse> responses, string hostname, CancellationToken ct)
    {
        while (await NextAsync(node, hostname, ct).ConfigureAwait(false) is { } answer)
        {
            if (answer is { KindCase: TaskSessionResponse.KindOneofCase.End, End: { Refused: true } refused })
            {
                throw new RpcException(RpcStatusCode.FailedPrecondition, refused.Failure);
            }

            await responses.WriteAsync(answer, ct).ConfigureAwait(false);
            if (answer.KindCase == TaskSessionResponse.KindOneofCase.End)
            {
                return;
            }
        }

        throw new RpcException(
            RpcStatusCode.Unavailable, $"node {hostname} ended the conversation before its end; try again");
    }

    private static async Task<TaskSessionResponse?> NextAsync(NodeSide node, string hostname, CancellationToken ct)
    {
        try
        {
            return await node.Answers.MoveNextAsync().ConfigureAwait(false) ? node.Answers.Current : null;
        }
        catch (Exception e) when (e is RpcException or IOException
            || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            throw new RpcException(
                RpcStatusCode.Unavailable,
                $"the connection to node {hostname} was lost; a command that ran there is ended by the node");
        }
    }

    private string Hostname(NodeId node) => store.Current.Nodes.Get(node)?.Hostname ?? node.Value;

    /// <summary>Both directions of a node's call, and what ends the first of them.</summary>
    private sealed record NodeSide(
        IAsyncEnumerator<TaskSessionResponse> Answers, IResponseStream<TaskSessionRequest> Requests,
        CancellationTokenSource End);

    private sealed class Waiting(NodeId node)
    {
        internal NodeId Node { get; } = node;

        internal TaskCompletionSource<NodeSide> Side { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Nobody uses the node's call any more.</summary>
        internal TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Ends the reading of the node's words; a node that comes later is not wanted.</summary>
        internal void Cut()
        {
            if (!Side.TrySetCanceled() && Side.Task.IsCompletedSuccessfully)
            {
                Side.Task.Result.End.Cancel();
            }
        }
    }
}
