using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>What may happen to a secret or config, and who uses it.</summary>
internal static class PayloadActions
{
    internal static ActionOutcome Create(StateDraft draft, StoreAction.CreatePayload action)
    {
        var payload = action.Payload;
        if (draft.Payload(payload.Id) is not null)
        {
            return ActionOutcome.Refused(RefusalKind.AlreadyExists, $"{payload.Kind.Word()} {payload.Id} exists");
        }

        if (draft.PayloadNames.ContainsKey(PayloadName.Of(payload)))
        {
            return ActionOutcome.Refused(
                RefusalKind.NameInUse,
                $"{payload.Kind.Word()} {payload.Spec.Name} already exists; choose another name");
        }

        draft.PutPayload(payload with { Version = draft.Index, CreatedAt = draft.At, UpdatedAt = draft.At });
        return ActionOutcome.Applied;
    }

    internal static ActionOutcome Update(StateDraft draft, StoreAction.UpdatePayloadSpec action)
    {
        if (draft.Payload(action.Id) is not { } payload)
        {
            return ActionRules.NotFound("secret or config", action.Id.Value);
        }

        if (action.Version != 0 && action.Version != payload.Version && payload.Version != draft.Index)
        {
            return ActionOutcome.Conflict(
                $"{payload.Kind.Word()} {payload.Spec.Name}", action.Version, payload.Version);
        }

        if (action.Spec.Name != payload.Spec.Name)
        {
            return ActionOutcome.Refused(
                RefusalKind.FailedPrecondition, $"only the labels of a {payload.Kind.Word()} can be changed");
        }

        if (!payload.Spec.Equals(action.Spec))
        {
            draft.PutPayload(payload with { Spec = action.Spec, Version = draft.Index, UpdatedAt = draft.At });
        }

        return ActionOutcome.Applied;
    }

    internal static ActionOutcome Remove(StateDraft draft, StoreAction.RemovePayload action)
    {
        if (draft.Payload(action.Id) is not { } payload)
        {
            return ActionRules.NotFound("secret or config", action.Id.Value);
        }

        var users = draft.Services.Where(s => Uses(draft, s, action.Id)).Select(s => s.Spec.Name)
            .Order(StringComparer.Ordinal).ToList();
        if (users.Count > 0)
        {
            return ActionOutcome.Refused(
                RefusalKind.InUse,
                $"{payload.Kind.Word()} '{payload.Spec.Name}' is in use by the following "
                + $"{(users.Count == 1 ? "service" : "services")}: {string.Join(", ", users)}");
        }

        draft.DropPayload(payload);
        return ActionOutcome.Applied;
    }

    /// <summary>Why a spec cannot come into force; null when everything that it names is there.</summary>
    internal static ActionOutcome? Missing(StateDraft draft, ServiceSpec spec)
    {
        foreach (var (kind, reference) in spec.Task?.Container.Payloads() ?? [])
        {
            if (draft.Payload(new PayloadId(reference.Id)) is not { } payload || payload.Kind != kind)
            {
                return ActionOutcome.Refused(RefusalKind.NotFound, $"{kind.Word()} not found: {reference.Name}");
            }
        }

        return null;
    }

    /// <summary>
    /// The spec in force, those of tasks that are wanted up, and while an update may still go back the one before.
    /// </summary>
    private static bool Uses(StateDraft draft, ServiceRecord service, PayloadId id)
    {
        if (service.Removing)
        {
            return false;
        }

        var mayGoBack = service.Update is { State: not (UpdateStatus.Types.State.Completed
            or UpdateStatus.Types.State.RollbackCompleted) };
        return Names(service.Spec, id)
            || (mayGoBack && service.PreviousSpec is { } previous && Names(previous, id))
            || service.KeptSpecs.Any(kept => Names(kept.Value, id) && draft.WantedTasks(service.Id, kept.Key));
    }

    private static bool Names(ServiceSpec spec, PayloadId id) =>
        (spec.Task?.Container).Payloads().Any(p => p.Reference.Id == id.Value);
}
