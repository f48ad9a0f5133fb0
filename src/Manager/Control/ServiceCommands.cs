using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>Commands about services, on the leader. A refused request leaves no trace.</summary>
internal sealed class ServiceCommands(LeaderContext leader, ImagePinner pinner)
{
    internal async Task<CreateServiceResponse> CreateAsync(CreateServiceRequest request, CancellationToken ct)
    {
        var spec = request.Spec ?? throw Errors.Invalid([new SpecFault("spec", "", "must be given", "send a spec")]);
        SpecJudge.Require(spec);
        var registry = Registry(request.Registry);
        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        if (leader.Proposer.Earlier(state, LogAction.KindOneofCase.CreateService) is { } first)
        {
            return new CreateServiceResponse { Id = first.Subject, Version = first.SubjectVersion };
        }

        if (state.FindService(spec.Name) is not null)
        {
            throw Errors.Taken(new SpecFault(
                "name", spec.Name, $"name conflicts with an existing object: service {spec.Name} already exists",
                "choose another name"));
        }

        PayloadCommands.RequireAll(state, spec);
        RefuseTakenPorts(state, spec, except: null);
        var (pinned, warnings) = await pinner
            .PinAsync(spec, request.NoResolveImage, RegistryLogin.Add([], registry), ct).ConfigureAwait(false);
        warnings = [.. warnings, .. Unknown(request.WithRegistryAuth, registry, spec)];
        if (request.DryRun)
        {
            return new CreateServiceResponse { Warnings = { warnings } };
        }

        var id = new ServiceId(NewIds.Next());
        var result = await leader.Proposer.CommandAsync(
            new StoreAction.CreateService(id, pinned) { Registry = registry }, ct).ConfigureAwait(false);
        var response = new CreateServiceResponse
        {
            Id = result.Request?.Subject ?? id.Value,
            Version = result.Request?.SubjectVersion ?? result.State.Services.Get(id)?.Version ?? 0,
        };
        response.Warnings.Add(warnings);
        return response;
    }

    internal async Task<UpdateServiceResponse> UpdateAsync(UpdateServiceRequest request, CancellationToken ct)
    {
        var kind = request.Rollback
            ? LogAction.KindOneofCase.RollBackService
            : LogAction.KindOneofCase.UpdateServiceSpec;
        var id = new ServiceId(request.ServiceId);
        var state = await leader.AllowingStateAsync(s => CheckUpdate(s, kind, request), ct).ConfigureAwait(false);
        if (leader.Proposer.Earlier(state, kind) is { } first)
        {
            return new UpdateServiceResponse { Version = first.SubjectVersion };
        }

        if (request.Rollback)
        {
            if (request.DryRun)
            {
                return new UpdateServiceResponse { Version = state.Services.Get(id)!.Version };
            }

            var rolled = await leader.Proposer.CommandAsync(
                new StoreAction.RollBackService(id, request.Version, "manually requested rollback"),
                    ct).ConfigureAwait(false);
            return new UpdateServiceResponse { Version = VersionOf(rolled, id) };
        }

        var (spec, registry) = (request.Spec, Registry(request.Registry));
        var stored = state.Services.Get(id)!;
        var imageChanged = spec.Task.Container.Image != stored.Spec.Task.Container.Image;
        var (pinned, warnings) = await pinner.PinAsync(
            spec, request.NoResolveImage || !imageChanged, RegistryLogin.Add(stored.Registries, registry), ct)
            .ConfigureAwait(false);
        warnings = [.. warnings, .. Unknown(request.WithRegistryAuth, registry, spec)];
        if (request.DryRun)
        {
            return new UpdateServiceResponse
            {
                Version = stored.Version, Warnings = { warnings },
            };
        }

        var result = await leader.Proposer.CommandAsync(
            new StoreAction.UpdateServiceSpec(id, request.Version, pinned) { Registry = registry }, ct)
            .ConfigureAwait(false);
        var response = new UpdateServiceResponse { Version = VersionOf(result, id) };
        response.Warnings.Add(warnings);
        return response;
    }

    internal async Task<RemoveServiceResponse> RemoveAsync(RemoveServiceRequest request, CancellationToken ct)
    {
        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        if (leader.Proposer.Earlier(state, LogAction.KindOneofCase.RemoveService) is { } first)
        {
            return new RemoveServiceResponse { Id = first.Subject };
        }

        var service = References.Service(state, request.Ref);
        await leader.Proposer.CommandAsync(new StoreAction.RemoveService(service.Id), ct).ConfigureAwait(false);
        return new RemoveServiceResponse { Id = service.Id.Value };
    }

    /// <summary>What a service and its new spec must be like, unless this update has happened already.</summary>
    private void CheckUpdate(ClusterState state, LogAction.KindOneofCase kind, UpdateServiceRequest request)
    {
        if (leader.Proposer.Earlier(state, kind) is not null)
        {
            return;
        }

        var id = new ServiceId(request.ServiceId);
        var service = state.Services.Get(id) is { Removing: false } found
            ? found
            : throw Errors.NotFound("service", request.ServiceId);
        if (request.Version == 0)
        {
            throw Errors.Invalid([new SpecFault(
                "version", "0", "the version that the service was read at must be given",
                $"it is {service.Version} now; read the service, then change it")]);
        }

        if (request.Rollback)
        {
            if (service.PreviousSpec is null)
            {
                throw new RpcException(
                    RpcStatusCode.FailedPrecondition,
                    $"service {service.Spec.Name} does not have a previous spec; change it with 'service update'");
            }

            PayloadCommands.RequireAll(state, service.PreviousSpec);
            return;
        }

        var spec = request.Spec ?? throw Errors.Invalid([new SpecFault("spec", "", "must be given", "send a spec")]);
        SpecJudge.Require(spec);
        RefuseImpossibleChange(service, spec);
        PayloadCommands.RequireAll(state, spec);
        RefuseTakenPorts(state, spec, except: id);
    }

    /// <exception cref="RpcException">They are no credentials.</exception>
    private static RegistryLogin? Registry(RegistryAccess? access) =>
        RegistryLogin.Check(access) is { Count: > 0 } faults
            ? throw Errors.Invalid(faults)
            : access is null ? null : RegistryLogin.Of(access);

    private static IEnumerable<string> Unknown(bool wanted, RegistryLogin? registry, ServiceSpec spec) =>
        wanted && registry is null
            ? [$"the manager that was asked has no credentials for the registry of {spec.Task.Container.Image}: "
                + "'swarmctl login' there stores them; the service got none"]
            : [];

    /// <summary>As it was when the command acted, also when this is its second coming.</summary>
    private static ulong VersionOf(ApplyResult result, ServiceId id) =>
        result.Request?.SubjectVersion ?? result.State.Services.Get(id)?.Version ?? 0;

    private static void RefuseImpossibleChange(ServiceRecord service, ServiceSpec spec)
    {
        if (!string.Equals(service.Spec.Name, spec.Name, StringComparison.Ordinal))
        {
            throw Errors.Impossible(new SpecFault(
                "name", spec.Name, $"service {service.Spec.Name} cannot be renamed",
                "create a new service and remove this one"));
        }

        if (service.Spec.ModeCase != spec.ModeCase)
        {
            throw Errors.Impossible(new SpecFault(
                "mode", spec.ModeName(), $"the mode of service {spec.Name} cannot be changed",
                "create a new service and remove this one"));
        }
    }

    private static void RefuseTakenPorts(ClusterState state, ServiceSpec spec, ServiceId? except)
    {
        for (var i = 0; i < (spec.Endpoint?.Ports.Count ?? 0); i++)
        {
            var port = spec.Endpoint!.Ports[i];
            if (port.PublishedPort != 0 && port.PublishMode != PortConfig.Types.PublishMode.Host
                && state.IngressPorts.TryGetValue(PortKey.Of(port), out var owner) && owner != except)
            {
                var name = state.Services.Get(owner)?.Spec.Name ?? owner.Value;
                throw Errors.Taken(new SpecFault(
                    $"endpoint.ports[{i}].published", $"{port.PublishedPort}",
                    $"port '{port.PublishedPort}' is already in use by service '{name}' ({owner}) as an ingress port",
                    "publish another port or remove that one first"));
            }
        }
    }
}
