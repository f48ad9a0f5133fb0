using System.Collections.Concurrent;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Containers;
using Swarm.Worker;

namespace Swarm.Node.Containers;

/// <summary>Containers that a person runs on this node.</summary>
internal sealed class ContainerRunService(
    ContainerRuntime containers, OneOffContainers oneOffs, ContainerFinder finder)
{
    /// <summary>Ports of containers that wait for their start.</summary>
    private readonly ConcurrentDictionary<string, IReadOnlyCollection<PortConfig>> _ports = new();

    internal void Register(RpcService service)
    {
        service.Unary<CreateContainerRequest, CreateContainerResponse>(
            "CreateContainer", (r, call) => ContainerService.Answer(() => CreateAsync(r, call.Cancellation)));
        service.Duplex<TaskSessionRequest, TaskSessionResponse>("RunContainer", (requests, responses, call) =>
            TalkAsync(requests, call, (said, open, end) => RunAsync(said, responses, (open, call), end)));
        service.Duplex<TaskSessionRequest, TaskSessionResponse>("TalkToContainer", (requests, responses, call) =>
            TalkAsync(requests, call, (said, open, end) => new ContainerConversation(containers).RunAsync(
                said, responses, finder.Find(open.Task).Id, open, end)));
        service.Unary<StartContainerRequest, StartContainerResponse>(
            "StartContainer", (r, call) => ContainerService.Answer(async () =>
            {
                await StartAsync(finder.Find(r.Container), call.Cancellation).ConfigureAwait(false);
                return new StartContainerResponse();
            }));
    }

    private async Task<CreateContainerResponse> CreateAsync(CreateContainerRequest request, CancellationToken ct)
    {
        Check(request);
        var id = await oneOffs.CreateAsync(
            new OneOffSpec(request.Spec, request.Name)
            {
                Ports = request.Ports,
                Networked = request.Networked,
                OpenInput = request.Stdin,
                RemoveAtEnd = request.RemoveAtEnd,
            },
            ct).ConfigureAwait(false);
        _ports[id] = request.Ports;
        return new CreateContainerResponse { Id = id };
    }

    /// <summary>The rules that services have.</summary>
    private static void Check(CreateContainerRequest request)
    {
        var spec = new ServiceSpec
        {
            Name = "run", Task = request.Spec, Replicated = new ReplicatedMode { Replicas = 1 },
        };
        if (SpecValidator.Check(spec) is { Count: > 0 } faults)
        {
            throw new RpcException(
                RpcStatusCode.InvalidArgument, string.Join("; ", faults.Select(f => f.ToString())));
        }

        if (request.Spec.Container.Secrets.Count + request.Spec.Container.Configs.Count > 0)
        {
            throw new RpcException(
                RpcStatusCode.InvalidArgument, "secrets and configs come with services; create one for them");
        }
    }

    internal async Task StartAsync(ContainerState state, CancellationToken ct)
    {
        if (state is not { OneOff: true, Phase: ContainerPhase.Created })
        {
            throw new ContainerException($"container {state.Id} cannot be started: it has been started before");
        }

        _ports.TryRemove(state.Id, out var ports);
        await oneOffs.StartAsync(state.Id, ports ?? [], ct).ConfigureAwait(false);
    }

    /// <summary>What is said travels as it does to tasks of other nodes.</summary>
    private static Task TalkAsync(
        IAsyncEnumerable<TaskSessionRequest> requests, CallContext call,
        Func<IAsyncEnumerator<TaskSessionRequest>, OpenTaskSession, CancellationTokenSource, Task> converse) =>
        ContainerService.Answer(async () =>
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Cancellation);
            await using var said = requests.GetAsyncEnumerator(end.Token);
            if (!await said.MoveNextAsync().ConfigureAwait(false)
                || said.Current.Open is not { WorkCase: not OpenTaskSession.WorkOneofCase.None } open)
            {
                throw new RpcException(RpcStatusCode.InvalidArgument, "a conversation begins with what it is for");
            }

            await converse(said, open, end).ConfigureAwait(false);
            return true;
        });

    /// <summary>Attached first and started then.</summary>
    private Task RunAsync(
        IAsyncEnumerator<TaskSessionRequest> said, IResponseStream<TaskSessionResponse> responses,
        (OpenTaskSession Open, CallContext Call) asked, CancellationTokenSource end)
    {
        var attach = asked.Open.Attach ?? throw new RpcException(
            RpcStatusCode.InvalidArgument, "who runs a container attaches to it");
        var state = finder.Find(asked.Open.Task);
        return new OneOffConversation(containers, oneOffs).RunAsync(
            said, responses, state.Id, (attach, () => StartAsync(state, asked.Call.Cancellation)), end);
    }
}
