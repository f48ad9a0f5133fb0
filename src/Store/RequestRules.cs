namespace Swarm.Store;

/// <summary>A command acts once: the first outcome is remembered and given again.</summary>
internal static class RequestRules
{
    /// <summary>The answer to a command that came before.</summary>
    internal static ApplyResult Repeated(ClusterState state, RequestMark mark, RecentRequest first)
    {
        var same = first.Mark.Digest == mark.Digest;
        return new ApplyResult(state, Changes.None, [same ? first.Outcome : Reused]) { Request = same ? first : null };
    }

    /// <summary>What is remembered of the command that an entry was; null when it was none.</summary>
    internal static RecentRequest? Record(
        ClusterState state, StoreEntry entry, ulong index, IReadOnlyList<ActionOutcome> outcomes)
    {
        if (entry.Request is not { } mark)
        {
            return null;
        }

        var (subject, version) = Subject(state, entry.Actions[0]);
        return new RecentRequest(mark, index, entry.At, outcomes[0], subject, version);
    }

    /// <summary>Refuses a command whose id was used for something else.</summary>
    internal static ActionOutcome Reused { get; } = ActionOutcome.Refused(
        RefusalKind.RequestReused,
        "the id of this command was used for another one; a new command needs a new id");

    private static (string Id, ulong Version) Subject(ClusterState state, StoreAction action) => action switch
    {
        StoreAction.SetCluster a => (a.Cluster.Id.Value, state.Cluster?.Version ?? 0),
        StoreAction.CreateNode a => Node(state, a.Node.Id),
        StoreAction.UpdateNodeSpec a => Node(state, a.Id),
        StoreAction.SetNodeStatus a => Node(state, a.Id),
        StoreAction.SetNodeDescription a => Node(state, a.Id),
        StoreAction.SetNodeRole a => Node(state, a.Id),
        StoreAction.RemoveNode a => Node(state, a.Id),
        StoreAction.CreateService a => Service(state, a.Id),
        StoreAction.UpdateServiceSpec a => Service(state, a.Id),
        StoreAction.RollBackService a => Service(state, a.Id),
        StoreAction.RemoveService a => Service(state, a.Id),
        StoreAction.DeleteService a => Service(state, a.Id),
        StoreAction.SetUpdateStatus a => Service(state, a.Id),
        StoreAction.SetServicePorts a => Service(state, a.Id),
        StoreAction.CreatePayload a => Payload(state, a.Payload.Id),
        StoreAction.UpdatePayloadSpec a => Payload(state, a.Id),
        StoreAction.RemovePayload a => Payload(state, a.Id),
        _ => ("", 0),
    };

    private static (string, ulong) Node(ClusterState state, Model.NodeId id) =>
        (id.Value, state.Nodes.Get(id)?.Version ?? 0);

    private static (string, ulong) Payload(ClusterState state, Model.PayloadId id) =>
        (id.Value, state.Payloads.Get(id)?.Version ?? 0);

    private static (string, ulong) Service(ClusterState state, Model.ServiceId id) =>
        (id.Value, state.Services.Get(id)?.Version ?? 0);
}
