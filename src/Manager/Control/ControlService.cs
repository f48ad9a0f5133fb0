using Google.Protobuf;
using Google.Protobuf.Reflection;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Manager.Control;

/// <summary>
/// The control service of one manager. On the leader a request is carried out; on a follower it goes to the leader
/// once, as it is. What was forwarded and finds no leader here is refused, so requests never wander.
/// </summary>
public sealed class ControlService
{
    /// <summary>The caller takes an answer that may be out of date.</summary>
    public const string StaleHeader = "swarm-stale";

    private static readonly ServiceDescriptor Descriptor = ControlReflection.Descriptor.Services[0];
    private static readonly RpcMethod<TaskSessionRequest, TaskSessionResponse> TaskSessionMethod =
        RpcMethod<TaskSessionRequest, TaskSessionResponse>.Of(Descriptor, "TaskSession");
    private static readonly TimeSpan FailoverPatience = LeaderContext.ReadTimeout;
    private static readonly TimeSpan FailoverPoll = TimeSpan.FromMilliseconds(50);
    private readonly Func<ManagerNode?> _manager;
    private readonly Func<string, RegistryLogin?> _registryOf;

    /// <summary>Answers for the manager that runs on this node, if one does.</summary>
    /// <param name="manager">Null while none does.</param>
    /// <param name="registryOf">What `login` stored on this host for the registry of an image; null = nothing.</param>
    public ControlService(Func<ManagerNode?> manager, Func<string, RegistryLogin?> registryOf) =>
        (_manager, _registryOf) = (manager, registryOf);

    /// <summary>The handlers, for the server of the local socket and for the one that managers dial.</summary>
    public RpcService Build()
    {
        var service = new RpcService(Descriptor);
        Unary<CreateServiceRequest, CreateServiceResponse>(
            service, "CreateService", (l, r, _, ct) => l.Services.CreateAsync(r, ct));
        Unary<UpdateServiceRequest, UpdateServiceResponse>(
            service, "UpdateService", (l, r, _, ct) => l.Services.UpdateAsync(r, ct));
        Unary<RemoveServiceRequest, RemoveServiceResponse>(
            service, "RemoveService", (l, r, _, ct) => l.Services.RemoveAsync(r, ct));
        Read<GetServiceRequest, GetServiceResponse>(
            service, "GetService", (q, r, _, ct) => q.ServiceAsync(r, ct));
        Read<ListServicesRequest, ListServicesResponse>(
            service, "ListServices", (q, r, _, ct) => q.ServicesAsync(r, ct));
        Read<GetTaskRequest, GetTaskResponse>(
            service, "GetTask", (q, r, _, ct) => q.TaskAsync(r, ct));
        Read<ListTasksRequest, ListTasksResponse>(
            service, "ListTasks", (q, r, self, ct) => q.TasksAsync(r, self, ct));
        Read<GetNodeRequest, GetNodeResponse>(
            service, "GetNode", (q, r, self, ct) => q.NodeAsync(r, self, ct));
        Read<ListNodesRequest, ListNodesResponse>(
            service, "ListNodes", (q, r, _, ct) => q.NodesAsync(r, ct));
        Unary<UpdateNodeRequest, UpdateNodeResponse>(
            service, "UpdateNode", (l, r, _, ct) => l.Nodes.UpdateAsync(r, ct));
        Unary<RemoveNodeRequest, RemoveNodeResponse>(
            service, "RemoveNode", (l, r, self, ct) => l.Nodes.RemoveAsync(r, self, ct));
        Unary<GetJoinTokensRequest, GetJoinTokensResponse>(
            service, "GetJoinTokens", (l, _, _, ct) => l.Nodes.TokensAsync(ct));
        Unary<RotateJoinTokenRequest, GetJoinTokensResponse>(
            service, "RotateJoinToken", (l, r, _, ct) => l.Nodes.RotateAsync(r, ct));
        Unary<GetClusterRequest, GetClusterResponse>(
            service, "GetCluster", (l, _, _, ct) => l.Cluster.ShowAsync(ct));
        Unary<UpdateClusterRequest, UpdateClusterResponse>(
            service, "UpdateCluster", (l, r, _, ct) => l.Cluster.UpdateAsync(r, ct));
        Unary<GetUnlockKeyRequest, GetUnlockKeyResponse>(
            service, "GetUnlockKey", (l, _, _, ct) => l.Cluster.UnlockKeyAsync(ct));
        Unary<RotateUnlockKeyRequest, GetUnlockKeyResponse>(
            service, "RotateUnlockKey", (l, _, _, ct) => l.Cluster.RotateAsync(ct));
        Unary<GetObservationRequest, GetObservationResponse>(
            service, "GetObservation", (l, _, _, ct) => l.Observation.ShowAsync(ct));
        Unary<EndObservationRequest, EndObservationResponse>(
            service, "EndObservation", (l, r, _, ct) => l.Observation.EndAsync(r, ct));
        Unary<CreatePayloadRequest, CreatePayloadResponse>(
            service, "CreatePayload", (l, r, _, ct) => l.Payloads.CreateAsync(r, ct));
        Unary<UpdatePayloadRequest, UpdatePayloadResponse>(
            service, "UpdatePayload", (l, r, _, ct) => l.Payloads.UpdateAsync(r, ct));
        Unary<RemovePayloadRequest, RemovePayloadResponse>(
            service, "RemovePayload", (l, r, _, ct) => l.Payloads.RemoveAsync(r, ct));
        Read<GetPayloadRequest, GetPayloadResponse>(
            service, "GetPayload", (q, r, _, ct) => q.PayloadAsync(r, ct));
        Read<ListPayloadsRequest, ListPayloadsResponse>(
            service, "ListPayloads", (q, r, _, ct) => q.PayloadsAsync(r, ct));
        Stream<WatchServiceRequest, WatchServiceResponse>(
            service, "WatchService", (l, r, s, ct) => l.Watches.ServiceAsync(r, s, ct));
        Stream<WatchRequest, WatchResponse>(service, "Watch", (l, r, s, ct) => l.Events.WatchAsync(r, s, ct));
        Stream<ServiceLogsRequest, ServiceLogsResponse>(
            service, "ServiceLogs", (l, r, s, ct) => l.Watches.LogsAsync(r, s, ct));
        service.Duplex<TaskSessionRequest, TaskSessionResponse>("TaskSession", ConverseAsync);
        return service;
    }

    /// <summary>A question; a person on this host may ask what this manager has, without a leader.</summary>
    private void Read<TReq, TRes>(
        RpcService service, string name, Func<Queries, TReq, NodeId, CancellationToken, Task<TRes>> answer)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new() => Unary<TReq, TRes>(
            service, name,
            (leader, request, self, ct) => answer(leader.Queries, request, self, ct),
            (manager, request, ct) => answer(manager.StaleQueries(), request, manager.NodeId, ct));

    private void Unary<TReq, TRes>(
        RpcService service, string name, Func<LeaderCommands, TReq, NodeId, CancellationToken, Task<TRes>> lead,
        Func<ManagerNode, TReq, CancellationToken, Task<TRes>>? stale = null)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new()
    {
        var method = RpcMethod<TReq, TRes>.Of(Descriptor, name);
        var marks = new RequestMarks(name, Descriptor.FindMethodByName(name).InputType);
        service.Unary<TReq, TRes>(name, async (request, call) =>
        {
            var manager = Manager();
            if (stale is not null && call.Peer.Role == CallerRole.Local && call.Metadata.ContainsKey(StaleHeader))
            {
                return await stale(manager, request, call.Cancellation).ConfigureAwait(false);
            }

            if (!Forwarded(call))
            {
                RegistryFill.Fill(request, _registryOf);
            }

            var mark = marks.Of(request);
            return await UntilLedAsync(
                manager, call, mark is not null,
                async ago => await manager.LeaderCommandsAsync(
                    Forwarded(call), mark is null ? null : new AskedCommand(mark, ago), call.Cancellation)
                    .ConfigureAwait(false) is { } here
                    ? await lead(here, request, Asked(manager, call), call.Cancellation).ConfigureAwait(false)
                    : await manager.Link.UnaryAsync(
                        manager.LeaderAddress(), method, request, call.Cancellation, ago).ConfigureAwait(false))
                .ConfigureAwait(false);
        });
    }

    /// <summary>
    /// While the leader changes, a request that certainly had no effect is made again, so that a person notices a pause
    /// and not an error. What may have had an effect is made again only if it has an id and so acts once; when it
    /// cannot be found out, that is what is said.
    /// </summary>
    private static async Task<T> UntilLedAsync<T>(
        ManagerNode manager, CallContext call, bool hasId, Func<TimeSpan, Task<T>> attempt)
    {
        var unknown = false;
        var (arrived, before) = (Environment.TickCount64, AskedCommand.AgoIn(call.Metadata));
        var deadline = arrived + (long)FailoverPatience.TotalMilliseconds;
        while (true)
        {
            try
            {
                var here = TimeSpan.FromMilliseconds(Environment.TickCount64 - arrived);
                return await attempt(unknown || before > TimeSpan.Zero ? before + here : TimeSpan.Zero)
                    .ConfigureAwait(false);
            }
            catch (RpcException e) when (!Forwarded(call) && Environment.TickCount64 < deadline
                && (RpcOutcome.IsNotDone(e) || (hasId && RpcOutcome.IsUnknown(e))))
            {
                unknown |= RpcOutcome.IsUnknown(e);
                await manager.LeadershipChangedAsync(FailoverPoll, call.Cancellation).ConfigureAwait(false);
            }
            catch (RpcException e) when (
                Errors.InsteadOf(e, hasId, unknown, Forwarded(call) || manager.KnowsLeader) is { } told)
            {
                throw told;
            }
        }
    }

    private void Stream<TReq, TRes>(
        RpcService service, string name, Func<LeaderCommands, TReq, IResponseStream<TRes>, CancellationToken,
            Task> lead)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new()
    {
        var method = RpcMethod<TReq, TRes>.Of(Descriptor, name);
        service.ServerStream<TReq, TRes>(name, async (request, responses, call) =>
        {
            var manager = Manager();
            if (await manager.LeaderCommandsAsync(Forwarded(call), null, call.Cancellation).ConfigureAwait(false)
                is { } here)
            {
                await lead(here, request, responses, call.Cancellation).ConfigureAwait(false);
                return;
            }

            await manager.Link.StreamAsync(
                manager.LeaderAddress(), method, request, responses, call.Cancellation).ConfigureAwait(false);
        });
    }

    private async Task ConverseAsync(
        IAsyncEnumerable<TaskSessionRequest> requests, IResponseStream<TaskSessionResponse> responses, CallContext call)
    {
        var manager = Manager();
        if (await manager.LeaderCommandsAsync(Forwarded(call), null, call.Cancellation).ConfigureAwait(false)
            is { } here)
        {
            await here.Sessions.RunAsync(requests, responses, call.Cancellation).ConfigureAwait(false);
            return;
        }

        await manager.Link.DuplexAsync(
            manager.LeaderAddress(), TaskSessionMethod, requests, responses, call.Cancellation).ConfigureAwait(false);
    }

    private ManagerNode Manager() => _manager() ?? throw new RpcException(
        RpcStatusCode.FailedPrecondition,
        "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. "
        + "Run this command on a manager node, or use \"swarmctl swarm init\" or \"swarmctl swarm join\" first.");

    private static bool Forwarded(CallContext call) =>
        call.Peer.Role == CallerRole.Manager && call.Metadata.ContainsKey(LeaderLink.ForwardedHeader);

    /// <summary>"self" is the node that was asked first, also when it passed the question on.</summary>
    private static NodeId Asked(ManagerNode manager, CallContext call) =>
        call.Peer.Role == CallerRole.Manager ? new NodeId(call.Peer.NodeId) : manager.NodeId;
}
