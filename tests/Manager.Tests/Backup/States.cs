using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests.Backup;

/// <summary>States as a small swarm would have them.</summary>
internal static class States
{
    internal static readonly DateTimeOffset At = new(2026, 5, 6, 7, 8, 9, TimeSpan.Zero);

    internal static readonly ClusterRecord Cluster = new()
    {
        Id = new ClusterId("cluster"),
        CreatedAt = At,
        Spec = new ClusterSpec(),
        RootCertificatePem = "root certificate",
        RootKeyPem = "root key",
        WorkerTokenSecret = [1, 2, 3],
        ManagerTokenSecret = [4, 5, 6],
        FormatVersion = StoreFormat.Newest,
    };

    /// <summary>Managers m1–m3, worker w1, a service with three running tasks on m1, m2 and w1.</summary>
    internal static ClusterState Small()
    {
        ImmutableArray<StoreAction> actions =
        [
            new StoreAction.SetCluster(Cluster),
            Node("m1", NodeRole.Manager), Node("m2", NodeRole.Manager), Node("m3", NodeRole.Manager),
            Node("w1", NodeRole.Worker),
            new StoreAction.CreateService(new ServiceId("s1"), Spec("web", 3)),
        ];
        var state = ClusterState.Empty.Apply(new StoreEntry(At, actions), 10).State;
        var index = 10UL;
        string[] nodes = ["m1", "m2", "w1"];
        for (var slot = 0; slot < nodes.Length; slot++)
        {
            state = Running(state, ++index, (ulong)slot + 1, nodes[slot]);
        }

        return state;
    }

    internal static TaskId Task(ulong slot) => new($"t{slot}");

    internal static ServiceSpec Spec(string name, ulong replicas) => new()
    {
        Name = name,
        Replicated = new ReplicatedMode { Replicas = replicas },
        Task = new TaskSpec { Container = new ContainerSpec { Image = "registry/demo/web:1" } },
    };

    private static ClusterState Running(ClusterState state, ulong index, ulong slot, string node)
    {
        var service = state.Services.Get(new ServiceId("s1"))!;
        var status = new TaskStatusRecord { State = TaskState.Assigned, At = At };
        var task = new TaskRecord
        {
            Id = Task(slot),
            ServiceId = service.Id,
            SpecVersion = service.SpecVersion,
            Slot = slot,
            NodeId = new NodeId(node),
            DesiredState = TaskState.Running,
            Status = status,
            CreatedAt = At,
        };
        var result = state.Apply(
            new StoreEntry(At, [
                new StoreAction.CreateTask(task),
                new StoreAction.ReportTaskStatus(task.Id, status with { State = TaskState.Running }),
            ]),
            index);
        Assert.All(result.Outcomes, o => Assert.True(o.IsApplied, o.Message));
        return result.State;
    }

    private static StoreAction.CreateNode Node(string id, NodeRole role) => new(new NodeRecord
    {
        Id = new NodeId(id),
        CreatedAt = At,
        Spec = new NodeSpec(),
        Role = role,
        State = NodeStatus.Types.State.Ready,
        Description = new NodeDescription { Hostname = id, Resources = new Resources { NanoCpus = 4_000_000_000 } },
    });
}
