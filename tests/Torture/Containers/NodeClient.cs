using System.Diagnostics;
using System.Text;
using Google.Protobuf;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Torture.Containers;

/// <summary>
/// A swarm of one host over its local socket, as somebody asks who does not give up when the daemon is away: a
/// request is repeated with its id until it is answered.
/// </summary>
internal sealed class NodeClient(Lab lab, string host) : IAsyncDisposable
{
    private const int RunningState = 512;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private readonly RpcChannel _channel = RpcChannel.ForUnixSocket(lab.Socket(host));

    /// <summary>A service on this host.</summary>
    internal async Task<string> CreateAsync(ServiceSpec spec)
    {
        spec.Task.Placement = new Placement { Constraints = { $"node.hostname=={host}" } };
        return (await InsistAsync(
            Calls.Create, new CreateServiceRequest { Spec = spec, NoResolveImage = true, RequestId = Attempt.NewId() })
            .ConfigureAwait(false)).Id;
    }

    internal async Task ChangeAsync(string id, Action<ServiceSpec> change)
    {
        while (true)
        {
            var view = (await InsistAsync(Calls.Get, new GetServiceRequest { Ref = id }).ConfigureAwait(false)).Service;
            var spec = view.Spec.Clone();
            change(spec);
            var request = new UpdateServiceRequest
            {
                ServiceId = id, Version = view.Version, Spec = spec, NoResolveImage = true, RequestId = Attempt.NewId(),
            };
            try
            {
                await InsistAsync(Calls.Update, request).ConfigureAwait(false);
                return;
            }
            catch (RpcException e) when (e.Code == RpcStatusCode.Aborted)
            {
                // The planner changed it meanwhile: read it again.
                await Task.Delay(Pause).ConfigureAwait(false);
            }
        }
    }

    internal Task RemoveAsync(string id) =>
        InsistAsync(Calls.Remove, new RemoveServiceRequest { Ref = id, RequestId = Attempt.NewId() });

    internal async Task<IReadOnlyList<TaskView>> TasksAsync(params string[] services)
    {
        var request = new ListTasksRequest();
        request.ServiceRefs.Add(services);
        return (await InsistAsync(Calls.ListTasks, request).ConfigureAwait(false)).Tasks;
    }

    /// <summary>Waits until so many tasks of a service run.</summary>
    internal async Task<IReadOnlyList<TaskView>> RunningAsync(string service, int count)
    {
        IReadOnlyList<TaskView> tasks = [];
        await UntilAsync($"{count} tasks run", async () =>
        {
            tasks = [.. (await TasksAsync(service).ConfigureAwait(false)).Where(Runs)];
            return tasks.Count == count;
        }).ConfigureAwait(false);
        return tasks;
    }

    internal static bool Runs(TaskView task) =>
        task.Status.State == RunningState && task.DesiredState == RunningState;

    /// <summary>What the node itself sees; null while it does not answer.</summary>
    internal async Task<IReadOnlyList<ContainerView>?> ContainersAsync(bool all)
    {
        using var limit = new CancellationTokenSource(CallLimit);
        try
        {
            var found = new List<ContainerView>();
            await using var call = _channel.ServerStream(
                Calls.ListContainers, new ListContainersRequest { All = all }, null, limit.Token);
            await foreach (var answer in call.ReadAllAsync(limit.Token).ConfigureAwait(false))
                found.Add(answer.Container);
            return found;
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Lines of a task's log, the last <paramref name="tail"/> of them; negative = all.</summary>
    internal async Task<IReadOnlyList<string>> LogAsync(string task, long tail)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var warning = "";
            using var limit = new CancellationTokenSource(Patience);
            try
            {
                var lines = new List<string>();
                await using var call = _channel.ServerStream(
                    Calls.Logs, new ServiceLogsRequest { Refs = { task }, Tail = tail }, null, limit.Token);
                await foreach (var line in call.ReadAllAsync(limit.Token).ConfigureAwait(false))
                {
                    warning += line.Warning;
                    lines.Add(Encoding.UTF8.GetString(line.Line.Span));
                }

                if (warning.Length == 0)
                    return lines;
            }
            catch (RpcException e)
            {
                warning = e.Message;
            }

            // The node has no session yet: that is said, and is no gap.
            if (clock.Elapsed > Patience)
                throw new TimeoutException($"the log of {task} cannot be read: {warning}");
            await Task.Delay(Pause).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until the node has no container, neither running nor ended.</summary>
    internal Task NothingLeftAsync() => UntilAsync(
        "all containers are gone", async () => await ContainersAsync(all: true).ConfigureAwait(false) is { Count: 0 });

    internal static async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        var clock = Stopwatch.StartNew();
        while (!await holds().ConfigureAwait(false))
        {
            if (clock.Elapsed > Patience)
                throw new TimeoutException($"not so after {Patience.TotalSeconds} s: {what}");
            await Task.Delay(Pause).ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync() => _channel.DisposeAsync();

    private async Task<TRes> InsistAsync<TReq, TRes>(RpcMethod<TReq, TRes> method, TReq request)
        where TReq : class, IMessage<TReq>
        where TRes : class, IMessage<TRes>
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await _channel.UnaryAsync(method, request, new CallOptions { Deadline = CallLimit })
                    .ConfigureAwait(false);
            }
            catch (RpcException e) when (IsAway(e.Code) && clock.Elapsed < Patience)
            {
                await Task.Delay(Pause).ConfigureAwait(false);
            }
        }
    }

    /// <summary>A daemon that ends, is not there, does not lead yet, or has not opened its store yet.</summary>
    private static bool IsAway(RpcStatusCode code) => code is RpcStatusCode.Unavailable or RpcStatusCode.Cancelled
        or RpcStatusCode.DeadlineExceeded or RpcStatusCode.Internal or RpcStatusCode.Unknown
        or RpcStatusCode.FailedPrecondition;
}
