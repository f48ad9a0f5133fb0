using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>What may happen to a service.</summary>
internal static class ServiceRules
{
    internal static ActionOutcome Create(StateDraft draft, StoreAction.CreateService action)
    {
        if (draft.Service(action.Id) is not null)
        {
            return ActionOutcome.Refused(RefusalKind.AlreadyExists, $"service {action.Id} exists");
        }

        if (draft.ServiceNames.ContainsKey(action.Spec.Name))
        {
            return NameInUse(action.Spec.Name);
        }

        if (ServicePorts.Clash(draft, action.Id, action.Spec) is { } clash)
        {
            return clash;
        }

        if (PayloadActions.Missing(draft, action.Spec) is { } missing)
        {
            return missing;
        }

        draft.PutService(new ServiceRecord
        {
            Id = action.Id,
            Version = draft.Index,
            CreatedAt = draft.At,
            UpdatedAt = draft.At,
            Spec = action.Spec,
            SpecVersion = draft.Index,
            KeptSpecs = ImmutableSortedDictionary<ulong, ServiceSpec>.Empty.Add(draft.Index, action.Spec),
            JobIteration = action.Spec.IsJob() ? 1UL : 0,
            JobSpecVersion = action.Spec.IsJob() ? draft.Index : 0,
            JobStartedAt = action.Spec.IsJob() ? draft.At : null,
            Registries = RegistryLogin.Add([], action.Registry),
        });
        return ActionOutcome.Applied;
    }

    internal static ActionOutcome Update(StateDraft draft, StoreAction.UpdateServiceSpec action)
    {
        if (Find(draft, action.Id, action.Version, out var service) is { } refused)
        {
            return refused;
        }

        var registries = RegistryLogin.Add(service.Registries, action.Registry);
        if (service.Spec.Equals(action.Spec))
        {
            if (service.Update is { IsPaused: true } || !service.Registries.SequenceEqual(registries))
            {
                draft.ChangeService(service with
                {
                    Update = service.Update is { IsPaused: true } ? null : service.Update,
                    Registries = registries,
                });
            }

            return ActionOutcome.Applied;
        }

        if (service.Spec.ModeCase != action.Spec.ModeCase)
        {
            return ActionOutcome.Refused(
                RefusalKind.FailedPrecondition, "the mode of a service cannot be changed; create another service");
        }

        if (service.KeptSpecs.ContainsKey(draft.Index))
        {
            return ActionOutcome.Refused(
                RefusalKind.FailedPrecondition, "an entry gives a service one spec; write another entry");
        }

        if (draft.ServiceNames.TryGetValue(action.Spec.Name, out var owner) && owner != service.Id)
        {
            return NameInUse(action.Spec.Name);
        }

        if (ServicePorts.Clash(draft, service.Id, action.Spec) is { } clash)
        {
            return clash;
        }

        if (PayloadActions.Missing(draft, action.Spec) is { } missing)
        {
            return missing;
        }

        draft.ChangeService(JobRules.Begin(draft, service, service with
        {
            Spec = action.Spec,
            SpecVersion = draft.Index,
            PreviousSpec = service.Spec,
            PreviousSpecVersion = service.SpecVersion,
            KeptSpecs = service.KeptSpecs.SetItem(draft.Index, action.Spec),
            Update = null,
            Registries = registries,
        }));
        return ActionOutcome.Applied;
    }

    internal static ActionOutcome RollBack(StateDraft draft, StoreAction.RollBackService action)
    {
        if (Find(draft, action.Id, action.Version, out var service) is { } refused)
        {
            return refused;
        }

        if (service.PreviousSpec is null)
        {
            return ActionOutcome.Refused(
                RefusalKind.FailedPrecondition, $"service {service.Spec.Name} does not have a previous spec");
        }

        if (draft.ServiceNames.TryGetValue(service.PreviousSpec.Name, out var owner) && owner != service.Id)
        {
            return NameInUse(service.PreviousSpec.Name);
        }

        if (ServicePorts.Clash(draft, service.Id, service.PreviousSpec) is { } clash)
        {
            return clash;
        }

        if (service.IsJob)
        {
            draft.ChangeService(JobRules.RollBack(draft, service));
            return ActionOutcome.Applied;
        }

        draft.ChangeService(service with
        {
            Spec = service.PreviousSpec,
            SpecVersion = service.PreviousSpecVersion,
            PreviousSpec = service.Spec,
            PreviousSpecVersion = service.SpecVersion,
            Update = new UpdateStatusRecord(
                UpdateStatus.Types.State.RollbackStarted, draft.At, null, action.Message),
        });
        return ActionOutcome.Applied;
    }

    internal static ActionOutcome Remove(StateDraft draft, StoreAction.RemoveService action)
    {
        if (draft.Service(action.Id) is not { Removing: false } service)
        {
            return ActionRules.NotFound("service", action.Id.Value);
        }

        // Of a plan it is the end of a job, which somebody may have begun anew meanwhile.
        if (draft.PlannedOn > 0 && service.Version > draft.PlannedOn)
        {
            return ActionOutcome.Conflict($"service {service.Spec.Name}", draft.PlannedOn, service.Version);
        }

        draft.ChangeService(service with { Removing = true, Update = null, Registries = [] });
        return ActionOutcome.Applied;
    }

    internal static ActionOutcome Delete(StateDraft draft, StoreAction.DeleteService action)
    {
        if (draft.Service(action.Id) is not { } service)
        {
            return ActionOutcome.Applied;
        }

        if (!service.Removing || draft.HasTasks(action.Id))
        {
            return ActionOutcome.Refused(
                RefusalKind.FailedPrecondition, $"service {service.Spec.Name} is not removed yet or still has tasks");
        }

        draft.DropService(service);
        return ActionOutcome.Applied;
    }

    internal static ActionOutcome SetUpdate(StateDraft draft, StoreAction.SetUpdateStatus action)
    {
        if (Find(draft, action.Id, action.Version, out var service) is { } refused)
        {
            return refused;
        }

        if (service.Update != action.Status)
        {
            draft.ChangeService(service with { Update = action.Status });
        }

        return ActionOutcome.Applied;
    }

    internal static ActionOutcome SetPorts(StateDraft draft, StoreAction.SetServicePorts action)
    {
        if (Find(draft, action.Id, action.Version, out var service) is { } refused)
        {
            return refused;
        }

        foreach (var port in action.Ports.Where(p => p.IsIngress() && p.PublishedPort != 0).Select(PortKey.Of))
        {
            if (ServicePorts.Owner(draft, service.Id, port) is { } owner)
            {
                return ServicePorts.Taken(port, owner, "an ingress");
            }
        }

        draft.ChangeService(service with { Ports = action.Ports, PortsSpecVersion = service.SpecVersion });
        return ActionOutcome.Applied;
    }

    private static ActionOutcome NameInUse(string name) => ActionOutcome.Refused(
        RefusalKind.NameInUse,
        $"name conflicts with an existing object: service {name} already exists; choose another name");

    private static ActionOutcome? Find(StateDraft draft, ServiceId id, ulong version, out ServiceRecord service)
    {
        service = draft.Service(id)!;
        return service is not { Removing: false } ? ActionRules.NotFound("service", id.Value)
            : version == 0 || version == service.Version || service.Version == draft.Index ? null
            : ActionOutcome.Conflict($"service {service.Spec.Name}", version, service.Version);
    }
}
