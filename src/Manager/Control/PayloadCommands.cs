using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>Commands about secrets and configs, on the leader. No message of theirs holds data.</summary>
internal sealed class PayloadCommands(LeaderContext leader)
{
    /// <summary>Secrets and configs of a swarm, each.</summary>
    internal const int MaxPayloads = 10_000;

    /// <summary>All of them together, in bytes: every manager has them in memory and in each snapshot.</summary>
    internal const long MaxBytesInAll = 256L << 20;

    internal async Task<CreatePayloadResponse> CreateAsync(CreatePayloadRequest request, CancellationToken ct)
    {
        var spec = request.Spec ?? throw Errors.Invalid([new SpecFault("spec", "", "must be given", "send a spec")]);
        if (PayloadRules.Check(request.Kind, spec, request.Data.Length) is { Count: > 0 } faults)
        {
            throw Errors.Invalid(faults);
        }

        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        if (leader.Proposer.Earlier(state, LogAction.KindOneofCase.CreatePayload) is { } first)
        {
            return new CreatePayloadResponse { Id = first.Subject, Version = first.SubjectVersion };
        }

        var word = request.Kind.Word();
        if (state.FindPayload(request.Kind, spec.Name) is not null)
        {
            throw Errors.Taken(new SpecFault(
                "name", spec.Name, $"{word} {spec.Name} already exists", "choose another name"));
        }

        RefuseTooMany(state, request);
        var id = new PayloadId(NewIds.Next());
        var result = await leader.Proposer.CommandAsync(
            new StoreAction.CreatePayload(new PayloadRecord
            {
                Id = id, Kind = request.Kind, CreatedAt = default, Spec = spec, Data = request.Data,
            }),
            ct).ConfigureAwait(false);
        return new CreatePayloadResponse
        {
            Id = result.Request?.Subject ?? id.Value,
            Version = result.Request?.SubjectVersion ?? result.State.Payloads.Get(id)?.Version ?? 0,
        };
    }

    internal async Task<UpdatePayloadResponse> UpdateAsync(UpdatePayloadRequest request, CancellationToken ct)
    {
        var state = await leader.AllowingStateAsync(s => CheckUpdate(s, request), ct).ConfigureAwait(false);
        if (leader.Proposer.Earlier(state, LogAction.KindOneofCase.UpdatePayloadSpec) is { } first)
        {
            return new UpdatePayloadResponse { Version = first.SubjectVersion };
        }

        var id = new PayloadId(request.Id);
        var result = await leader.Proposer.CommandAsync(
            new StoreAction.UpdatePayloadSpec(id, request.Version, request.Spec), ct).ConfigureAwait(false);
        return new UpdatePayloadResponse
        {
            Version = result.Request?.SubjectVersion ?? result.State.Payloads.Get(id)?.Version ?? 0,
        };
    }

    internal async Task<RemovePayloadResponse> RemoveAsync(RemovePayloadRequest request, CancellationToken ct)
    {
        var state = await leader.FreshStateAsync(ct).ConfigureAwait(false);
        if (leader.Proposer.Earlier(state, LogAction.KindOneofCase.RemovePayload) is { } first)
        {
            return new RemovePayloadResponse { Id = first.Subject };
        }

        var payload = References.Payload(state, request.Kind, request.Ref);
        await leader.Proposer.CommandAsync(new StoreAction.RemovePayload(payload.Id), ct).ConfigureAwait(false);
        return new RemovePayloadResponse { Id = payload.Id.Value };
    }

    /// <summary>What a spec names must be there, under the name that it gives.</summary>
    /// <exception cref="RpcException">Every reference that is not, in one answer.</exception>
    internal static void RequireAll(ClusterState state, ServiceSpec spec)
    {
        var faults = (spec.Task?.Container).Payloads()
            .Where(p => state.Payloads.Get(new PayloadId(p.Reference.Id)) is not { } payload
                || payload.Kind != p.Kind || payload.Spec.Name != p.Reference.Name)
            .Select(p => SpecFault.Shown(
                $"task.container.{p.Kind.Word()}s", p.Reference.Name, $"{p.Kind.Word()} not found: {p.Reference.Name}",
                $"create it with '{p.Kind.Word()} create', or leave it out")).ToList();
        if (faults.Count > 0)
        {
            throw Errors.Missing(faults);
        }
    }

    /// <summary>What a secret or config and its new spec must be like, unless this update has happened
    /// already.</summary>
    private void CheckUpdate(ClusterState state, UpdatePayloadRequest request)
    {
        if (leader.Proposer.Earlier(state, LogAction.KindOneofCase.UpdatePayloadSpec) is not null)
        {
            return;
        }

        var payload = state.Payloads.Get(new PayloadId(request.Id)) is { } found && found.Kind == request.Kind
            ? found
            : throw Errors.NotFound(request.Kind.Word(), request.Id);
        var spec = request.Spec ?? throw Errors.Invalid([new SpecFault("spec", "", "must be given", "send a spec")]);
        if (PayloadRules.Check(spec) is { Count: > 0 } faults)
        {
            throw Errors.Invalid(faults);
        }

        if (request.Version == 0)
        {
            throw Errors.Invalid([new SpecFault(
                "version", "0", $"the version that the {request.Kind.Word()} was read at must be given",
                $"it is {payload.Version} now; read it, then change it")]);
        }
    }

    private static void RefuseTooMany(ClusterState state, CreatePayloadRequest request)
    {
        if (state.Payloads.Count >= MaxPayloads
            || state.Payloads.Values.Sum(p => (long)p.Data.Length) + request.Data.Length > MaxBytesInAll)
        {
            throw new RpcException(
                RpcStatusCode.ResourceExhausted,
                $"a swarm has {MaxPayloads} secrets and configs of {MaxBytesInAll >> 20} MiB together at most; remove "
                + "those that no service uses");
        }
    }
}
