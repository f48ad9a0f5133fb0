using System.Diagnostics;
using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Bench;

/// <summary>Asks a manager over its local socket, without the start-up time of a command line.</summary>
internal sealed class SwarmClient(string socket) : IAsyncDisposable
{
    private readonly RpcChannel _channel = RpcChannel.ForUnixSocket(socket);

    public Task<TRes> CallAsync<TReq, TRes>(string method, TReq request)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new() => _channel.UnaryAsync(
            RpcMethod<TReq, TRes>.Of(ControlReflection.Descriptor.Services[0], method), request,
            new CallOptions { Deadline = TimeSpan.FromSeconds(15) });

    public Task<GetInfoResponse> InfoAsync() => _channel.UnaryAsync(
        RpcMethod<GetInfoRequest, GetInfoResponse>.Of(NodeReflection.Descriptor.Services[0], "GetInfo"),
        new GetInfoRequest(), new CallOptions { Deadline = TimeSpan.FromSeconds(15) });

    /// <summary>
    /// The same calls once before the clock runs: a client that has just started compiles for some 100 ms.
    /// </summary>
    public async Task WarmUpAsync()
    {
        await CallAsync<ListTasksRequest, ListTasksResponse>("ListTasks", new ListTasksRequest());
        try
        {
            await CallAsync<CreateServiceRequest, CreateServiceResponse>(
                "CreateService", new CreateServiceRequest { Spec = new ServiceSpec(), DryRun = true });
        }
        catch (RpcException e) when (e.Code == RpcStatusCode.InvalidArgument)
        {
            return;
        }
    }

    /// <summary>Creates a service; the clock runs from the accepted command to the last task running.</summary>
    public async Task<(string Id, double Seconds)> CreateAsync(ServiceSpec spec)
    {
        var clock = Stopwatch.StartNew();
        var created = await CallAsync<CreateServiceRequest, CreateServiceResponse>(
            "CreateService", new CreateServiceRequest { Spec = spec });
        await UntilAsync(created.Id, p => Running(p) == (int)spec.Replicas());
        return (created.Id, clock.Elapsed.TotalSeconds);
    }

    public async Task<double> ChangeAsync(string id, Action<ServiceSpec> change, Func<WatchServiceResponse, bool> done)
    {
        var view = (await CallAsync<GetServiceRequest, GetServiceResponse>(
            "GetService", new GetServiceRequest { Ref = id })).Service;
        var spec = view.Spec.Clone();
        change(spec);
        var clock = Stopwatch.StartNew();
        await CallAsync<UpdateServiceRequest, UpdateServiceResponse>(
            "UpdateService",
            new UpdateServiceRequest { ServiceId = id, Version = view.Version, Spec = spec });
        await UntilAsync(id, done);
        return clock.Elapsed.TotalSeconds;
    }

    /// <summary>Removes a service; the clock stops when its last task is gone.</summary>
    public async Task<double> RemoveAsync(string id)
    {
        var clock = Stopwatch.StartNew();
        await CallAsync<RemoveServiceRequest,
            RemoveServiceResponse>("RemoveService", new RemoveServiceRequest { Ref = id });
        while (true)
        {
            var tasks = (await CallAsync<ListTasksRequest,
                ListTasksResponse>("ListTasks", new ListTasksRequest())).Tasks;
            if (tasks.All(t => t.ServiceId != id && t.Name.Split('.')[0] != id))
            {
                return clock.Elapsed.TotalSeconds;
            }

            await Task.Delay(10);
        }
    }

    public async Task UntilAsync(string id, Func<WatchServiceResponse, bool> done)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (!await WatchAsync(id, done, limit.Token))
        {
            await Task.Delay(20, limit.Token);
        }
    }

    /// <summary>False when the leader changed meanwhile: watch again.</summary>
    private async Task<bool> WatchAsync(string id, Func<WatchServiceResponse, bool> done, CancellationToken ct)
    {
        await using var watch = _channel.ServerStream(
            RpcMethod<WatchServiceRequest, WatchServiceResponse>.Of(
                ControlReflection.Descriptor.Services[0], "WatchService"),
            new WatchServiceRequest { Ref = id }, null, ct);
        try
        {
            await foreach (var picture in watch.ReadAllAsync(ct))
            {
                if (done(picture))
                {
                    return true;
                }
            }
        }
        catch (RpcException e) when (e.Code == RpcStatusCode.Unavailable)
        {
            return false;
        }

        throw new InvalidOperationException($"the watch of {id} ended early");
    }

    public static int Running(WatchServiceResponse picture) => picture.Tasks.Count(t =>
        t.Status.State == (int)TaskState.Running && t.DesiredState == (int)TaskState.Running);

    public static int RunningImage(WatchServiceResponse picture, string tag) => picture.Tasks.Count(t =>
        t.Status.State == (int)TaskState.Running && t.DesiredState == (int)TaskState.Running
        && t.Spec.Container.Image.Contains(tag, StringComparison.Ordinal));

    public ValueTask DisposeAsync() => _channel.DisposeAsync();
}
