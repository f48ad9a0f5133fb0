using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store.Tests;

/// <summary>A state that grows by one entry at a time.</summary>
internal sealed class Log
{
    internal ClusterState State { get; private set; } = ClusterState.Empty;

    /// <summary>Counts for whoever needs a number.</summary>
    internal int Next { get; set; }

    internal DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    internal ApplyResult Apply(params StoreAction[] actions)
    {
        var result = State.Apply(new StoreEntry(Now, [.. actions]), State.LastIndex + 1);
        State = result.State;
        return result;
    }

    /// <summary>A plan that was made on an earlier state.</summary>
    internal ApplyResult Apply(ulong plannedOn, params StoreAction[] actions)
    {
        var result = State.Apply(new StoreEntry(Now, [.. actions]) { PlannedOn = plannedOn }, State.LastIndex + 1);
        State = result.State;
        return result;
    }

    internal ActionOutcome Do(StoreAction action) => Apply(action).Outcomes[0];

    internal void Must(params StoreAction[] actions) =>
        Assert.All(Apply(actions).Outcomes, o => Assert.True(o.IsApplied, o.Message));

    internal static ServiceSpec Spec(string name, string image = "web:1", params uint[] ports)
    {
        var spec = new ServiceSpec
        {
            Name = name,
            Task = new TaskSpec { Container = new ContainerSpec { Image = image } },
            Replicated = new ReplicatedMode { Replicas = 2 },
        };
        if (ports.Length > 0)
        {
            spec.Endpoint = new EndpointSpec();
            spec.Endpoint.Ports.Add(ports.Select(p => new PortConfig { PublishedPort = p, TargetPort = 80 }));
        }

        return spec;
    }

    internal static NodeRecord Node(string id, string hostname = "") => new()
    {
        Id = new NodeId(id),
        CreatedAt = default,
        Spec = new NodeSpec(),
        Role = NodeRole.Worker,
        State = NodeStatus.Types.State.Ready,
        Description = new NodeDescription { Hostname = hostname },
    };

    internal static PayloadRecord Payload(string id, string name, PayloadKind kind = PayloadKind.Secret) => new()
    {
        Id = new PayloadId(id),
        Kind = kind,
        CreatedAt = default,
        Spec = new PayloadSpec { Name = name },
        Data = Google.Protobuf.ByteString.CopyFromUtf8("canary"),
    };

    internal TaskRecord Task(string id, ulong slot, string node = "") => new()
    {
        Id = new TaskId(id),
        ServiceId = new ServiceId("s"),
        SpecVersion = State.Services[new ServiceId("s")].SpecVersion,
        Slot = slot,
        NodeId = node.Length > 0 ? new NodeId(node) : default,
        DesiredState = TaskState.Running,
        CreatedAt = default,
        Status = new TaskStatusRecord
        {
            State = node.Length > 0 ? TaskState.Assigned : TaskState.Pending,
            At = default,
        },
    };
}
