using System.Globalization;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Bench.Scheduling;

/// <summary>States to plan on: nodes of 64 CPUs, services whose tasks wait.</summary>
internal static class Clusters
{
    internal static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(50);

    /// <summary>Ready nodes with three labels of 4, 8 and 16 values; every third has label "disk".</summary>
    internal static ClusterState Nodes(int count) =>
        ClusterState.Empty.Apply(new StoreEntry(Now, [Cluster(), .. NewNodes(count)]), 1).State;

    internal static StoreAction Cluster() => new StoreAction.SetCluster(new ClusterRecord
    {
        Id = new ClusterId("c"),
        CreatedAt = default,
        FormatVersion = StoreFormat.Newest,
        Spec = new ClusterSpec { AddressPool = "10.0.0.0/8", NodeSubnetBits = 26 },
        RootCertificatePem = "",
        RootKeyPem = "",
        WorkerTokenSecret = [],
        ManagerTokenSecret = [],
    });

    internal static IEnumerable<StoreAction> NewNodes(int count) =>
        Enumerable.Range(0, count).Select(i => (StoreAction)new StoreAction.CreateNode(Node(i)));

    /// <summary>A service, and tasks of it that wait for a node.</summary>
    internal static ClusterState WithService(ClusterState state, int number, int tasks, Action<ServiceSpec> edit) =>
        WithTasks(WithSpec(state, number, tasks, edit), number, tasks);

    internal static ClusterState WithSpec(ClusterState state, int number, int tasks, Action<ServiceSpec> edit)
    {
        var spec = Spec(number, tasks);
        edit(spec);
        return state.Apply(StoreEntry.Of(Now, new StoreAction.CreateService(Id(number), spec)), state.LastIndex + 1)
            .State;
    }

    internal static ServiceSpec Spec(int number, int tasks) => new()
    {
        Name = $"s{number}",
        Task = new TaskSpec { Container = new ContainerSpec { Image = "web:1" }, Placement = new Placement() },
        Replicated = new ReplicatedMode { Replicas = (ulong)tasks },
    };

    internal static ServiceId Id(int number) => new(number.ToString("d25", CultureInfo.InvariantCulture));

    internal static void Reserve(ServiceSpec spec) =>
        spec.Task.Reservations = new Resources { NanoCpus = 500_000_000, MemoryBytes = 64 << 20 };

    private static ClusterState WithTasks(ClusterState state, int number, int tasks)
    {
        var version = state.LastIndex;
        var created = Enumerable.Range(1, tasks).Select(i => (StoreAction)new StoreAction.CreateTask(new TaskRecord
        {
            Id = new TaskId($"t{number:d10}{i:d14}"),
            ServiceId = Id(number),
            SpecVersion = version,
            Slot = (ulong)i,
            DesiredState = TaskState.Running,
            CreatedAt = default,
            Status = new TaskStatusRecord { State = TaskState.Pending, At = default },
        }));
        return state.Apply(new StoreEntry(Now, [.. created]), state.LastIndex + 1).State;
    }

    private static NodeRecord Node(int i) => new()
    {
        Id = new NodeId($"n{i:d24}"),
        CreatedAt = default,
        Spec = new NodeSpec { Labels = { ["l0"] = $"{i % 4}", ["l1"] = $"{i % 8}", ["l2"] = $"{i % 16}" } },
        Role = NodeRole.Worker,
        State = NodeStatus.Types.State.Ready,
        Description = new NodeDescription
        {
            Hostname = $"n{i}",
            Platform = new Platform { Os = "linux", Architecture = "amd64" },
            EngineLabels = { ["disk"] = i % 3 == 0 ? "ssd" : "hdd" },
            Resources = new Resources { NanoCpus = 64_000_000_000, MemoryBytes = 256L << 30 },
        },
    };
}
