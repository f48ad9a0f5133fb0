using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>What kind of object a frame of a snapshot holds; the numbers stand on disks.</summary>
internal enum StoredKind
{
    End = 0,
    Cluster = 1,
    Node = 2,
    Service = 3,
    Task = 4,
    Request = 5,
    Payload = 6,
}

/// <summary>One object as it is stored and hashed.</summary>
/// <param name="Kind">Of what.</param>
/// <param name="Fact">What the message has no field for: of a service the version of the spec whose ports it has,
/// of a task when it had begun to run.</param>
/// <param name="Message">Everything else.</param>
internal readonly record struct StoredObject(StoredKind Kind, long Fact, IMessage Message)
{
    internal static StoredObject Of(ClusterRecord cluster) =>
        new(StoredKind.Cluster, 0, Views.ToSecretView(cluster));

    internal static StoredObject Of(NodeRecord node) => new(StoredKind.Node, 0, Views.ToView(node));

    internal static StoredObject Of(ServiceRecord service) =>
        new(StoredKind.Service, (long)service.PortsSpecVersion, Views.ToSecretView(service));

    internal static StoredObject Of(ClusterState state, TaskRecord task) => new(
        StoredKind.Task,
        state.RanSince.TryGetValue(task.Id, out var ran) ? Timestamps.ToNs(ran) : 0,
        Views.ToView(task));

    internal static StoredObject Of(PayloadRecord payload) =>
        new(StoredKind.Payload, 0, Views.ToSecretView(payload));

    internal static StoredObject Of(RecentRequest request) =>
        new(StoredKind.Request, 0, RequestCodec.ToStored(request));

    /// <summary>
    /// All objects, sorted by kind and id (tasks and commands by age), so that equal states have equal bytes.
    /// </summary>
    internal static IEnumerable<StoredObject> AllOf(ClusterState state)
    {
        var cluster = state.Cluster is { } record ? new[] { Of(record) } : [];
        return cluster
            .Concat(state.Nodes.Values.OrderBy(n => n.Id).Select(Of))
            .Concat(state.Services.Values.OrderBy(s => s.Id).Select(Of))
            .Concat(state.Tasks.Values.OrderBy(t => t.CreatedAt).ThenBy(t => t.Id).Select(t => Of(state, t)))
            .Concat(state.Requests.InOrder.Select(Of))
            .Concat(state.Payloads.Values.OrderBy(p => p.Id).Select(Of));
    }
}
