using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>
/// From what people type to one object: the full id, the exact name, or the beginning of exactly one id; an id that
/// is whole always wins (behaviour.md A).
/// </summary>
internal static class References
{
    internal static ServiceRecord Service(ClusterState state, string reference)
    {
        if (state.Services.Get(new ServiceId(reference)) is { Removing: false } byId)
        {
            return byId;
        }

        if (state.FindService(reference) is { } byName)
        {
            return byName;
        }

        var matches = state.Services.Select(p => p.Value).Where(
            s => !s.Removing && Begins(s.Id.Value, reference)).Take(2).ToList();
        return One("service", reference, matches);
    }

    internal static PayloadRecord Payload(ClusterState state, PayloadKind kind, string reference) =>
        state.Payloads.Get(new PayloadId(reference)) is { } byId && byId.Kind == kind
            ? byId
            : state.FindPayload(kind, reference)
                ?? One(kind.Word(), reference, state.Payloads.Values
                    .Where(p => p.Kind == kind && Begins(p.Id.Value, reference)).Take(2).ToList());

    internal static NodeRecord Node(ClusterState state, string reference, NodeId self)
    {
        if (reference == "self")
        {
            return state.Nodes.Get(self) ?? throw Errors.NotFound("node", reference);
        }

        if (state.Nodes.Get(new NodeId(reference)) is { } byId)
        {
            return byId;
        }

        var named = state.FindNodes(reference).Where(n => n.Hostname == reference).ToList();
        return named.Count > 0
            ? One("node", reference, named)
            : One("node", reference,
                state.Nodes.Select(p => p.Value).Where(n => Begins(n.Id.Value, reference)).ToList());
    }

    internal static TaskRecord Task(ClusterState state, string reference)
    {
        if (state.Tasks.Get(new TaskId(reference)) is { } byId)
        {
            return byId;
        }

        return One("task", reference,
            state.Tasks.Select(p => p.Value).Where(t => Begins(t.Id.Value, reference)).Take(2).ToList());
    }

    private static bool Begins(string id, string prefix) =>
        IdFormat.CouldBePrefix(prefix) && id.StartsWith(prefix, StringComparison.Ordinal);

    private static T One<T>(string kind, string reference, List<T> matches) => matches.Count switch
    {
        0 => throw Errors.NotFound(kind, reference),
        1 => matches[0],
        _ => throw Errors.Ambiguous(kind, reference, matches.Count),
    };
}
