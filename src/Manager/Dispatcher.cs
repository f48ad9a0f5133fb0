using System.Threading.Channels;
using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>
/// The shell around <see cref="DispatcherCore"/>: one loop feeds it with what the streams, the log and the clock
/// bring, and carries out what it says. Lives as long as this manager leads.
/// </summary>
internal sealed class Dispatcher(
    ClusterStore store, Proposer proposer, Func<IReadOnlyList<string>> managers, ManagerLog log)
{
    /// <summary>Inputs that may wait; a session whose input does not fit is ended.</summary>
    private const int MaxWaitingInputs = 100_000;

    /// <summary>Messages that may wait for one node; more means that it does not read, and it is cut off.</summary>
    private const int MaxWaitingMessages = 10_000;

    private static readonly TimeSpan TickPeriod = TimeSpan.FromMilliseconds(100);

    private readonly Channel<Action<DateTimeOffset>> _inputs =
        Channel.CreateBounded<Action<DateTimeOffset>>(
            new BoundedChannelOptions(MaxWaitingInputs) { SingleReader = true });

    private readonly Dictionary<SessionNumber, ChannelWriter<SessionResponse>> _writers = [];
    private readonly StatusCommitter _committer = new(proposer, store, log);
    private DispatcherCore? _core;
    private StepBacklog? _steps;

    private volatile int _sessions;

    /// <summary>Nodes with an open stream.</summary>
    internal int Sessions => _sessions;

    /// <summary>Inputs that wait for the loop.</summary>
    internal int WaitingInputs => _inputs.Reader.Count;

    /// <summary>Batches of reports that wait for the log.</summary>
    internal int WaitingStatusBatches => _committer.Waiting;

    /// <summary>Runs until this manager stops leading.</summary>
    internal async Task RunAsync(CancellationToken leading)
    {
        _steps = new StepBacklog(MaxWaitingInputs, store.Clock, CallForSteps);
        using var subscription = store.Subscribe(OnStep, out var state);
        _core = new DispatcherCore(state, Now());
        var ticker = TickAsync(leading);
        var committing = _committer.RunAsync(leading);
        try
        {
            while (await _inputs.Reader.WaitToReadAsync(leading).ConfigureAwait(false))
            {
                while (_inputs.Reader.TryRead(out var input))
                {
                    input(Now());
                }

                Flush();
                _sessions = _writers.Count;
            }
        }
        finally
        {
            _inputs.Writer.TryComplete();
            foreach (var writer in _writers.Values)
            {
                writer.TryComplete(
                    new RpcException(RpcStatusCode.Unavailable, "this manager stopped being the leader"));
            }

            await Task.WhenAll(ticker, committing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One node's stream, from its hello to its end.</summary>
    internal async Task ServeAsync(
        NodeId node, IAsyncEnumerable<SessionRequest> requests, IResponseStream<SessionResponse> responses,
        CancellationToken ct)
    {
        var outgoing = Channel.CreateBounded<SessionResponse>(MaxWaitingMessages);
        var opened = new TaskCompletionSource<SessionNumber>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var reading = ReadAsync(node, requests, outgoing.Writer, opened, end);
        try
        {
            await foreach (var message in outgoing.Reader.ReadAllAsync(end.Token).ConfigureAwait(false))
            {
                await responses.WriteAsync(message, end.Token).ConfigureAwait(false);
            }
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (opened.Task.IsCompletedSuccessfully)
            {
                var number = opened.Task.Result;
                Post(now =>
                {
                    _writers.Remove(number);
                    _core!.Closed(number, now);
                });
            }
        }
    }

    /// <summary>Sends a message to a node; false when it has no session here.</summary>
    internal Task<bool> SendAsync(NodeId node, SessionResponse message)
    {
        var sent = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!Post(_ => sent.TrySetResult(_core!.SendTo(node, message))))
        {
            sent.TrySetResult(false);
        }

        return sent.Task;
    }

    /// <summary>Asks the core something, between two inputs.</summary>
    internal Task<T> AskAsync<T>(Func<DispatcherCore, T> question)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!Post(_ => answer.TrySetResult(question(_core!))))
        {
            answer.TrySetException(Errors.LostLeadership());
        }

        return answer.Task;
    }

    private async Task ReadAsync(
        NodeId node, IAsyncEnumerable<SessionRequest> requests, ChannelWriter<SessionResponse> outgoing,
        TaskCompletionSource<SessionNumber> opened, CancellationTokenSource end)
    {
        try
        {
            await foreach (var request in requests.WithCancellation(end.Token).ConfigureAwait(false))
            {
                if (request.KindCase == SessionRequest.KindOneofCase.Hello)
                {
                    Post(now => OpenSession(node, request.Hello, outgoing, opened, now));
                    continue;
                }

                if (!opened.Task.IsCompleted && request.KindCase != SessionRequest.KindOneofCase.None)
                {
                    await opened.Task.WaitAsync(end.Token).ConfigureAwait(false);
                }

                Route(await opened.Task.ConfigureAwait(false), request);
            }
        }
        finally
        {
            outgoing.TryComplete();
        }
    }

    private void OpenSession(
        NodeId node, Hello hello, ChannelWriter<SessionResponse> outgoing,
        TaskCompletionSource<SessionNumber> opened, DateTimeOffset now)
    {
        if (store.Current.Nodes.Get(node) is null)
        {
            outgoing.TryComplete(new RpcException(
                RpcStatusCode.PermissionDenied, $"node {node} is not a member of this swarm (it was removed)"));
            return;
        }

        if (hello.Epoch > (store.Current.Cluster?.Epoch ?? 0))
        {
            outgoing.TryComplete(new RpcException(
                RpcStatusCode.FailedPrecondition,
                $"this manager is of epoch {store.Current.Cluster?.Epoch ?? 0} of the swarm, node {node} has seen "
                + $"epoch {hello.Epoch}: this manager is out of date, leave the swarm with it and join again"));
            return;
        }

        var number = _core!.Open(node, hello, managers(), now);
        _writers[number] = outgoing;
        opened.TrySetResult(number);
    }

    private void Route(SessionNumber number, SessionRequest request)
    {
        switch (request.KindCase)
        {
            case SessionRequest.KindOneofCase.Heartbeat:
                Post(now => _core!.Heartbeat(number, now));
                break;
            case SessionRequest.KindOneofCase.MeshApplied:
                Post(now => _core!.MeshApplied(number, request.MeshApplied.Version, now));
                break;
            case SessionRequest.KindOneofCase.Status:
                Post(now => _committer.Add(
                    _core!.Reports(number, request.Status, now),
                    () => Post(_ => _core!.BatchAccepted(number, request.Status.Sequence))));
                break;
            default:
                log.UnknownSessionMessage(request.KindCase.ToString());
                break;
        }
    }

    /// <summary>Heartbeats may be lost, changes of the state not: nodes would never hear of them.</summary>
    private void OnStep(StateStep step)
    {
        if (!step.Changes.AtMostPayloads && !_steps!.TryAdd(step))
        {
            Fail();
        }
    }

    private void CallForSteps()
    {
        if (!Post(now => _steps!.TakeAll(step => _core!.OnState(step.State, step.Changes, now))))
        {
            Fail();
        }
    }

    private void Fail() => _inputs.Writer.TryComplete(new InvalidOperationException(
        $"the dispatcher is {MaxWaitingInputs} inputs behind and would miss changes of the state"));

    private bool Post(Action<DateTimeOffset> input) => _inputs.Writer.TryWrite(input);

    private void Flush()
    {
        foreach (var output in _core!.TakeOutput())
        {
            if (!_writers.TryGetValue(output.Session, out var writer))
            {
                continue;
            }

            if (output.Message is null)
            {
                writer.TryComplete(new RpcException(
                    output.ForGood ? RpcStatusCode.PermissionDenied : RpcStatusCode.Aborted, output.CloseReason));
                _writers.Remove(output.Session);
            }
            else if (!writer.TryWrite(output.Message))
            {
                writer.TryComplete(new RpcException(
                    RpcStatusCode.ResourceExhausted, $"{MaxWaitingMessages} messages wait for this node"));
            }
        }

        var actions = _core.TakeActions();
        if (actions.Count > 0)
        {
            _committer.Add(actions, static () => { });
        }
    }

    private async Task TickAsync(CancellationToken leading)
    {
        using var timer = new PeriodicTimer(TickPeriod);
        var known = managers();
        var period = NodeWatch.PeriodFor(store.Current);
        while (await timer.WaitForNextTickAsync(leading).ConfigureAwait(false))
        {
            Post(now => _core!.Tick(now));
            if (NodeWatch.PeriodFor(store.Current) is var wanted && wanted != period)
            {
                // Who waits for its next heartbeat by the old period must not be missed by the new one.
                period = wanted;
                Post(_ => _core!.SendToAll(Announcements.Period(period)));
            }

            if (managers() is var present && !present.SequenceEqual(known) && present.Count > 0)
            {
                known = present;
                Post(_ => _core!.SendToAll(Announcements.Managers(present)));
            }
        }
    }

    private DateTimeOffset Now() => store.Clock.GetUtcNow();
}
