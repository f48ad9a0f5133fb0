using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Containers;
using Swarm.Worker;

namespace Swarm.Node.Containers;

/// <summary>The containers of this node for swarmctl: what there is, and what becomes of it.</summary>
internal sealed class ContainerService(ContainerRuntime containers, OneOffContainers oneOffs, ContainerViews views)
{
    private static readonly TimeSpan ReleasedAtMost = TimeSpan.FromSeconds(10);
    private readonly ContainerFinder _finder = new(containers, views);

    internal void Register(RpcService service)
    {
        service.ServerStream<ListContainersRequest, ListContainersResponse>("ListContainers", ListAsync);
        service.Unary<InspectContainerRequest, InspectContainerResponse>("InspectContainer", (r, _) => Answer(() =>
        {
            var state = _finder.Find(r.Container);
            return Task.FromResult(new InspectContainerResponse
            {
                Container = views.View(state), Details = views.Details(state.Id),
            });
        }));
        service.Unary<StopContainerRequest, StopContainerResponse>(
            "StopContainer", (r, call) => Answer(() => StopAsync(r, call.Cancellation)));
        service.Unary<KillContainerRequest, KillContainerResponse>(
            "KillContainer", (r, call) => Answer(() => KillAsync(r, call.Cancellation)));
        service.Unary<RemoveContainerRequest, RemoveContainerResponse>(
            "RemoveContainer", (r, call) => Answer(() => RemoveAsync(r, call.Cancellation)));
        service.Unary<PruneContainersRequest, PruneContainersResponse>(
            "PruneContainers", (r, call) => Answer(() => PruneAsync(r, call.Cancellation)));
        new ContainerLogService(containers, _finder).Register(service);
        new ContainerStatService(containers, _finder, views).Register(service);
        new ContainerRunService(containers, oneOffs, _finder).Register(service);
    }

    /// <summary>Turns refusals into answers.</summary>
    internal static async Task<T> Answer<T>(Func<Task<T>> work)
    {
        try
        {
            return await Task.Run(work).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ContainerException or TaskRejectedException)
        {
            throw new RpcException(RpcStatusCode.FailedPrecondition, e.Message);
        }
        catch (NameTakenException e)
        {
            throw new RpcException(RpcStatusCode.AlreadyExists, e.Message);
        }
        catch (IOException e)
        {
            throw new RpcException(RpcStatusCode.Internal, $"the containers of this node: {e.Message}");
        }
    }

    private async Task ListAsync(
        ListContainersRequest request, IResponseStream<ListContainersResponse> responses, CallContext call)
    {
        var wanted = containers.List().Where(c => c.Phase != ContainerPhase.Creating
            && (request.All || c.Phase == ContainerPhase.Running));
        foreach (var view in wanted.Select(views.View).OrderByDescending(v => v.CreatedNs).ThenBy(v => v.Id))
        {
            await responses.WriteAsync(new ListContainersResponse { Container = view }, call.Cancellation)
                .ConfigureAwait(false);
        }
    }

    private async Task<StopContainerResponse> StopAsync(StopContainerRequest request, CancellationToken ct)
    {
        var state = _finder.Find(request.Container);
        if (state.Phase == ContainerPhase.Exited)
        {
            return new StopContainerResponse();
        }

        var spec = views.SpecOf(state.Id);
        var grace = request.HasGraceNs
            ? TimeSpan.FromTicks(request.GraceNs / 100)
            : spec?.StopGrace ?? TimeSpan.FromSeconds(10);
        await containers.StopAsync(state.Id, request.Signal, grace, ct).ConfigureAwait(false);
        return new StopContainerResponse();
    }

    private async Task<KillContainerResponse> KillAsync(KillContainerRequest request, CancellationToken ct)
    {
        var state = _finder.Find(request.Container);
        if (state.Phase != ContainerPhase.Running)
        {
            throw new ContainerException($"cannot kill container {request.Container}: it is not running");
        }

        await containers.KillAsync(state.Id, ContainerRuntime.SignalOf(request.Signal), ct).ConfigureAwait(false);
        return new KillContainerResponse();
    }

    private async Task<RemoveContainerResponse> RemoveAsync(RemoveContainerRequest request, CancellationToken ct)
    {
        var state = _finder.Find(request.Container);
        if (state.Phase != ContainerPhase.Exited && !request.Force)
        {
            throw new ContainerException(state is { OneOff: false }
                ? $"container {state.Id} runs a task of service {ServiceOf(state.Id)}: scale or remove the service, or "
                    + "use -f, and the swarm starts another in its place"
                : $"you cannot remove a running container {state.Id}: stop it first, or use -f");
        }

        if (state.OneOff)
        {
            await oneOffs.RemoveAsync(state.Id, request.Volumes, ct).ConfigureAwait(false);
            return new RemoveContainerResponse();
        }

        await EndTaskAsync(state, ct).ConfigureAwait(false);
        await containers.DeleteAsync(state.Id, ct).ConfigureAwait(false);
        return new RemoveContainerResponse();
    }

    /// <summary>What the task has beside its container is given back by its own keeper, who sees the end.</summary>
    private async Task EndTaskAsync(ContainerState state, CancellationToken ct)
    {
        if (state.Phase == ContainerPhase.Exited)
        {
            return;
        }

        await containers.StopAsync(state.Id, "SIGKILL", TimeSpan.Zero, ct).ConfigureAwait(false);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(ReleasedAtMost);
        while (!containers.IsReleased(state.Id) && !patience.IsCancellationRequested)
        {
            await Task.Delay(20, CancellationToken.None).ConfigureAwait(false);
        }

        ct.ThrowIfCancellationRequested();
    }

    /// <summary>Only those that people ran: what is left of tasks goes when the swarm forgets them.</summary>
    private async Task<PruneContainersResponse> PruneAsync(PruneContainersRequest request, CancellationToken ct)
    {
        var response = new PruneContainersResponse();
        foreach (var state in containers.List().Where(c => c is { OneOff: true, Phase: ContainerPhase.Exited }))
        {
            var view = views.View(state);
            if ((request.UntilNs == 0 || view.CreatedNs < request.UntilNs)
                && request.Labels.All(l => LabelFilter.Fits(view.Labels, l))
                && !request.ExceptLabels.Any(l => LabelFilter.Fits(view.Labels, l)))
            {
                await oneOffs.RemoveAsync(state.Id, removeVolumes: false, ct).ConfigureAwait(false);
                response.Ids.Add(state.Id);
            }
        }

        return response;
    }

    private string ServiceOf(string id) => views.SpecOf(id)?.About.ServiceName is { Length: > 0 } name ? name : "?";
}
