using System.Collections.Concurrent;
using System.Threading.Channels;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>Whose logs are read: whole services, and tasks by themselves.</summary>
internal sealed record LogScope(IReadOnlySet<ServiceId> Services, IReadOnlySet<TaskId> Tasks)
{
    /// <summary>What belongs to it and may have written something.</summary>
    internal IEnumerable<TaskRecord> Started(ClusterState state) => Services.SelectMany(state.TasksOf)
        .Concat(Tasks.Select(state.Tasks.Get).OfType<TaskRecord>()).DistinctBy(t => t.Id)
        .Where(t => !t.NodeId.IsNone && t.Status.State >= TaskState.Starting);

    /// <summary>Nothing of it can come any more that is not there yet.</summary>
    internal bool IsOver(ClusterState state) =>
        Services.All(s => state.Services.Get(s) is not { Removing: false })
        && Tasks.All(t => state.Tasks.Get(t) is not { IsLive: true, Status.State: < TaskState.Starting });
}

/// <summary>
/// One person who reads logs. Every node that has some is asked once, merged by time; who follows is also told of tasks
/// that come later, and of nodes that come back.
/// </summary>
internal sealed class LogReading(LogBroker broker, ClusterStore store, LogScope scope, ServiceLogsRequest request)
    : IAsyncDisposable
{
    /// <summary>A node that says nothing for so long is left out.</summary>
    private static readonly TimeSpan NodeAnswerTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Who follows wants lines soon rather than in perfect order.</summary>
    private static readonly TimeSpan FollowPatience = TimeSpan.FromMilliseconds(150);

    /// <summary>Between two attempts to reach a node that is away.</summary>
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(1);

    /// <summary>A swarm may change all the time.</summary>
    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(50);

    private readonly TimeMerge<ServiceLogsResponse> _merge =
        new(static l => l.AtNs, request.Follow ? FollowPatience : NodeAnswerTimeout);

    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<TaskId> _asked = [];
    private readonly List<LogSource> _sources = [];

    /// <summary>Logs that broke off, or whose node was away, with what is still wanted of them.</summary>
    private readonly ConcurrentQueue<(NodeId Node, IReadOnlyList<TaskId> Tasks, From From)> _lost = new();
    private readonly ConcurrentDictionary<NodeId, bool> _warned = new();

    /// <summary>To be read once.</summary>
    internal async IAsyncEnumerable<ServiceLogsResponse> RunAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var changes = Channel.CreateBounded<bool>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        using var steps = store.Subscribe(
            step =>
            {
                if (step.Changes.Tasks.Length > 0 || step.Changes.Services.Length > 0)
                {
                    changes.Writer.TryWrite(true);
                }
            },
            out var state);
        var first = scope.Started(state).ToList();
        RefuseUnkept(state, first);
        var asking = AskAsync(state, first, changes.Reader, end.Token);
        try
        {
            // A node that is asked first must not be through before another one is asked at all.
            await _begun.Task.ConfigureAwait(false);
            await foreach (var line in _merge.ReadAllAsync(ct).ConfigureAwait(false))
            {
                yield return line;
            }

            await asking.ConfigureAwait(false);
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var source in _sources)
        {
            await broker.CallOffAsync(source).ConfigureAwait(false);
        }
    }

    /// <summary>What nobody keeps cannot be read: said once, at the beginning.</summary>
    /// <exception cref="RpcException">Nothing of it is kept.</exception>
    private void RefuseUnkept(ClusterState state, List<TaskRecord> tasks)
    {
        var unkept = tasks.Where(t => IsUnkept(state, t)).ToList();
        var services = scope.Services.Select(state.Services.Get).OfType<ServiceRecord>().ToList();
        if (tasks.Count > unkept.Count || (unkept.Count == 0
            && (services.Count == 0 || scope.Tasks.Count > 0 || services.Any(s => !IsNone(s.Spec)))))
        {
            if (unkept.Count > 0)
            {
                Warn(new ServiceLogsResponse
                {
                    Warning = $"{unkept.Count} of {tasks.Count} tasks keep no log: their log driver is "
                        + $"'{LogRules.None}'",
                });
            }

            return;
        }

        var name = services.FirstOrDefault()?.Spec.Name
            ?? state.Services.Get(unkept[0].ServiceId)?.Spec.Name ?? unkept[0].ServiceId.Value;
        throw new RpcException(
            RpcStatusCode.FailedPrecondition,
            $"service {name} keeps no logs: its log driver is '{LogRules.None}'; 'service update --log-driver local "
            + $"{name}' keeps those of its next tasks");
    }

    /// <summary>Asks the nodes of the tasks that there are, and goes on with those that come.</summary>
    private async Task AskAsync(
        ClusterState state, List<TaskRecord> tasks, ChannelReader<bool> changes, CancellationToken ct)
    {
        var watches = new List<Task>();
        var start = new From(
            request.SinceNs, request.Tail,
            request.Places.DistinctBy(p => p.TaskId).ToDictionary(p => new TaskId(p.TaskId)));
        try
        {
            while (true)
            {
                foreach (var node in tasks.Where(t => !IsUnkept(state, t) && _asked.Add(t.Id)).GroupBy(t => t.NodeId))
                {
                    await AskAsync(node.Key, [.. node.Select(t => t.Id)], start, watches).ConfigureAwait(false);
                }

                _begun.TrySetResult();
                watches.RemoveAll(w => w.IsCompletedSuccessfully);
                if (!request.Follow || (watches.Count == 0 && scope.IsOver(state) && !await AskLostAsync(watches)
                    .ConfigureAwait(false)))
                {
                    break;
                }

                await RestAsync(changes, watches, ct).ConfigureAwait(false);
                await AskLostAsync(watches).ConfigureAwait(false);
                state = store.Current;
                tasks = [.. scope.Started(state)];
                start = start with { Tail = -1 };
            }

            await Task.WhenAll(watches).WaitAsync(ct).ConfigureAwait(false);
        }
        finally
        {
            _begun.TrySetResult();
            _merge.Complete();
        }
    }

    /// <summary>Until something changed, or a node that was away may be back.</summary>
    private static async Task RestAsync(ChannelReader<bool> changes, List<Task> watches, CancellationToken ct)
    {
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(
            [changes.WaitToReadAsync(pause.Token).AsTask(), Task.Delay(RetryPeriod, pause.Token), .. watches])
            .ConfigureAwait(false);
        await pause.CancelAsync().ConfigureAwait(false);
        await Task.Delay(ShortestRest, ct).ConfigureAwait(false);
        changes.TryRead(out _);
    }

    private async Task AskAsync(NodeId node, IReadOnlyList<TaskId> tasks, From start, List<Task> watches)
    {
        var order = new LogSubscription
        {
            Follow = request.Follow, Tail = start.Tail, SinceNs = start.SinceNs, Details = request.Details,
        };
        order.Places.Add(tasks.Select(t => start.Places.GetValueOrDefault(t)).OfType<LogPlace>());
        var source = await broker.AskAsync(node, tasks, order).ConfigureAwait(false);
        if (source is null)
        {
            Lose(node, tasks, start);
            return;
        }

        _sources.Add(source);
        var silent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _merge.Add(source.Lines, request.Follow ? null : () => silent.TrySetResult());
        watches.Add(WatchAsync(source, start, silent.Task));
    }

    /// <summary>Until the node's answer has ended, one way or another.</summary>
    private async Task WatchAsync(LogSource source, From start, Task silent)
    {
        await Task.WhenAny(source.Ended, request.Follow ? Task.Delay(NodeAnswerTimeout) : silent)
            .ConfigureAwait(false);
        if (request.Follow && source.Answers)
        {
            await source.Ended.ConfigureAwait(false);
        }

        if (source.Ended is { IsCompletedSuccessfully: true, Result: true })
        {
            _warned.TryRemove(source.Node, out _);
            return;
        }

        await broker.CallOffAsync(source).ConfigureAwait(false);
        Lose(source.Node, source.Tasks, start with { Places = source.Places });
    }

    private void Lose(NodeId node, IReadOnlyList<TaskId> tasks, From start)
    {
        if (_warned.TryAdd(node, true))
        {
            Warn(new ServiceLogsResponse
            {
                NodeId = node.Value,
                Warning = $"node {store.Current.Nodes.Get(node)?.Hostname ?? node.Value} is not available: its logs "
                    + (request.Follow ? "come when it is back" : "are missing"),
            });
        }

        if (request.Follow)
        {
            _lost.Enqueue((node, tasks, start));
        }
    }

    /// <summary>False when nothing is missing.</summary>
    private async Task<bool> AskLostAsync(List<Task> watches)
    {
        var state = store.Current;
        var any = false;
        for (var left = _lost.Count; left > 0 && _lost.TryDequeue(out var lost); left--)
        {
            List<TaskId> tasks = [.. lost.Tasks.Where(t => state.Tasks.Get(t) is not null)];
            if (tasks.Count > 0)
            {
                any = true;
                await AskAsync(lost.Node, tasks, lost.From, watches).ConfigureAwait(false);
            }
        }

        return any;
    }

    /// <summary>Which lines of logs are wanted; those with a place go on after it.</summary>
    private sealed record From(long SinceNs, long Tail, IReadOnlyDictionary<TaskId, LogPlace> Places);

    private void Warn(ServiceLogsResponse warning)
    {
        var one = Channel.CreateBounded<ServiceLogsResponse>(1);
        one.Writer.TryWrite(warning);
        one.Writer.Complete();
        _merge.Add(one.Reader);
    }

    private static bool IsUnkept(ClusterState state, TaskRecord task) =>
        state.Services.Get(task.ServiceId) is { } service
        && service.KeptSpecs.TryGetValue(task.SpecVersion, out var spec) && IsNone(spec);

    private static bool IsNone(ServiceSpec spec) => spec.Task?.LogDriver is { Name: LogRules.None };
}
