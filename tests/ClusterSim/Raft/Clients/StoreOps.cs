using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>What a client saw of an object: the value under its key, and what an update must name.</summary>
internal sealed record Seen(string? Value, string Id, ulong Version)
{
    public static readonly Seen Nothing = new(null, "", 0);
}

/// <summary>
/// Registers made of the objects of the cluster: the value of a key is a label of the service of that name, or of the
/// node of that id.
/// </summary>
internal static class StoreOps
{
    private const string Label = "value";
    private const char NodeMark = 'n';

    public static bool IsNode(string key) => key[0] == NodeMark;

    public static Seen Read(ClusterState state, string key)
    {
        if (IsNode(key))
        {
            return state.Nodes.Get(new NodeId(key)) is { } node
                ? new(node.Spec.Labels[Label], key, node.Version)
                : Seen.Nothing;
        }
        return state.FindService(key) is { } service
            ? new(service.Spec.Labels[Label], service.Id.Value, service.Version)
            : Seen.Nothing;
    }

    /// <summary>A service gets a new id whenever its name is taken anew; a node is its id.</summary>
    public static StoreAction Create(string key, string value) => IsNode(key)
        ? new StoreAction.CreateNode(new NodeRecord
        {
            Id = new NodeId(key), CreatedAt = default, Spec = NodeSpecOf(value), Role = NodeRole.Worker,
        })
        : new StoreAction.CreateService(new ServiceId(value), ServiceSpecOf(key, value));

    public static StoreAction Update(string key, Seen seen, string value) => IsNode(key)
        ? new StoreAction.UpdateNodeSpec(new NodeId(key), seen.Version, NodeSpecOf(value))
        : new StoreAction.UpdateServiceSpec(new ServiceId(seen.Id), seen.Version, ServiceSpecOf(key, value));

    public static StoreAction Remove(string key, Seen seen) => IsNode(key)
        ? new StoreAction.RemoveNode(new NodeId(key))
        : new StoreAction.RemoveService(new ServiceId(seen.Id));

    private static NodeSpec NodeSpecOf(string value) => new() { Labels = { [Label] = value } };

    private static ServiceSpec ServiceSpecOf(string name, string value) => new()
    {
        Name = name,
        Labels = { [Label] = value },
        Task = new TaskSpec { Container = new ContainerSpec { Image = Canary + value } },
        Replicated = new ReplicatedMode { Replicas = 1 },
    };

    /// <summary>Stands in every service: bytes that must not be on a disk that is encrypted.</summary>
    public const string Canary = "canary/";
}
