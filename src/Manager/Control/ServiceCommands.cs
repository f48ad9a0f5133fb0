using System.Security.Cryptography;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>Commands about services, on the leader. A refused request leaves no trace.</summary>
internal sealed class ServiceCommands(LeaderContext leader, ImagePinner pinner)
{
    internal async Task<CreateServiceResponse> CreateAsync(CreateServiceRequest request, CancellationToken ct)
    {
        var spec = request.Spec ?? throw Errors.Invalid([new SpecFault("spec", "", "must be given", "send a spec")]);
        Validate(spec);
        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        if (state.FindService(spec.Name) is not null)
        {
            throw new RpcException(
                RpcStatusCode.AlreadyExists,
                $"name conflicts with an existing object: service {spec.Name} already exists; choose another name");
        }

        RefuseTakenPorts(state, spec, except: null);
        var (pinned, warnings) = await pinner.PinAsync(spec, request.NoResolveImage, ct).ConfigureAwait(false);
        var id = new ServiceId(IdFormat.FromRandom(RandomNumberGenerator.GetBytes(IdFormat.RandomBytes)));
        var result = await leader.Proposer.CommandAsync(new StoreAction.CreateService(id, pinned), ct).ConfigureAwait(
            false);
        var response = new CreateServiceResponse
        {
            Id = id.Value, Version = result.State.Services.Get(id)?.Version ?? 0,
        };
        response.Warnings.Add(warnings);
        return response;
    }

    internal async Task<UpdateServiceResponse> UpdateAsync(UpdateServiceRequest request, CancellationToken ct)
    {
        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        var id = new ServiceId(request.ServiceId);
        var service = state.Services.Get(id) is { Removing: false } found
            ? found
            : throw Errors.NotFound("service", request.ServiceId);
        if (request.Rollback)
        {
            var rolled = await leader.Proposer.CommandAsync(
                new StoreAction.RollBackService(id, request.Version, "manually requested rollback"),
                    ct).ConfigureAwait(false);
            return new UpdateServiceResponse { Version = rolled.State.Services.Get(id)?.Version ?? 0 };
        }

        var spec = request.Spec ?? throw Errors.Invalid([new SpecFault("spec", "", "must be given", "send a spec")]);
        Validate(spec);
        RefuseImpossibleChange(service, spec);
        RefuseTakenPorts(state, spec, except: id);
        var imageChanged = spec.Task.Container.Image != service.Spec.Task.Container.Image;
        var (pinned, warnings) = await pinner
            .PinAsync(spec, request.NoResolveImage || !imageChanged, ct).ConfigureAwait(false);
        var result = await leader.Proposer.CommandAsync(
            new StoreAction.UpdateServiceSpec(id, request.Version, pinned), ct).ConfigureAwait(false);
        var response = new UpdateServiceResponse { Version = result.State.Services.Get(id)?.Version ?? 0 };
        response.Warnings.Add(warnings);
        return response;
    }

    internal async Task<RemoveServiceResponse> RemoveAsync(RemoveServiceRequest request, CancellationToken ct)
    {
        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        var service = References.Service(state, request.Ref);
        await leader.Proposer.CommandAsync(new StoreAction.RemoveService(service.Id), ct).ConfigureAwait(false);
        return new RemoveServiceResponse { Id = service.Id.Value };
    }

    private static void Validate(ServiceSpec spec)
    {
        var faults = SpecValidator.Check(spec).Concat(PlacementFaults.Of(spec)).ToList();
        if (faults.Count > 0)
        {
            throw Errors.Invalid(faults);
        }
    }

    private static void RefuseImpossibleChange(ServiceRecord service, ServiceSpec spec)
    {
        if (!string.Equals(service.Spec.Name, spec.Name, StringComparison.Ordinal))
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                $"service {service.Spec.Name} cannot be renamed; create a new service and remove this one");
        }

        if (service.Spec.ModeCase != spec.ModeCase)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                $"the mode of service {spec.Name} cannot be changed; create a new service and remove this one");
        }
    }

    private static void RefuseTakenPorts(ClusterState state, ServiceSpec spec, ServiceId? except)
    {
        foreach (var port in spec.Endpoint?.Ports ?? [])
        {
            if (port.PublishedPort != 0 && port.PublishMode != PortConfig.Types.PublishMode.Host
                && state.IngressPorts.TryGetValue(PortKey.Of(port), out var owner) && owner != except)
            {
                var name = state.Services.Get(owner)?.Spec.Name ?? owner.Value;
                throw new RpcException(
                    RpcStatusCode.AlreadyExists,
                    $"port '{port.PublishedPort}' is already in use by service '{name}' ({owner}) as an ingress port; "
                    + "publish another port or remove that one first");
            }
        }
    }
}
