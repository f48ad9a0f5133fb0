using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store.Tests;

/// <summary>One record of each kind with every field set, and another value for any of its fields.</summary>
internal static class Samples
{
    private static readonly DateTimeOffset At = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    internal static object Of(string type) => type switch
    {
        nameof(ClusterRecord) => Cluster,
        nameof(NodeRecord) => Log.Node("n", "host"),
        nameof(ServiceRecord) => Service(new UpdateStatusRecord(UpdateStatus.Types.State.Updating, At, At, "m")),
        nameof(UpdateStatusRecord) => new UpdateStatusRecord(UpdateStatus.Types.State.Updating, At, At, "m"),
        nameof(TaskRecord) => Task(new TaskStatusRecord { State = TaskState.Running, At = At }),
        nameof(TaskStatusRecord) => new TaskStatusRecord { State = TaskState.Running, At = At },
        nameof(PayloadRecord) => Log.Payload("p", "key"),
        nameof(RecentRequest) => new RecentRequest(
            new RequestMark(new RequestId(1, 2, 3), 4), 5, At, ActionOutcome.Applied, "s", 6),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no sample"),
    };

    /// <summary>The bytes that are hashed and stored.</summary>
    internal static byte[] Stored(object record)
    {
        var stored = record switch
        {
            ClusterRecord c => StoredObject.Of(c),
            NodeRecord n => StoredObject.Of(n),
            ServiceRecord s => StoredObject.Of(s),
            UpdateStatusRecord u => StoredObject.Of(Service(u)),
            TaskRecord t => StoredObject.Of(ClusterState.Empty, t),
            TaskStatusRecord s => StoredObject.Of(ClusterState.Empty, Task(s)),
            PayloadRecord p => StoredObject.Of(p),
            RecentRequest r => StoredObject.Of(r),
            _ => throw new ArgumentOutOfRangeException(nameof(record)),
        };
        return new ObjectEncoder().Frame(stored).ToArray();
    }

    internal static object? Other(PropertyInfo property, object? value) => value switch
    {
        string s => s + "x",
        ulong n => n + 1,
        uint n => n + 1,
        int n => n + 1,
        bool b => !b,
        DateTimeOffset t => t == default ? At : t.AddTicks(1),
        ImmutableArray<byte> bytes => bytes.Add(9),
        ImmutableArray<PortConfig> ports => ports.Add(new PortConfig { TargetPort = 9 }),
        ImmutableArray<GenericResource> shares => shares.Add(new GenericResource { Kind = "gpu", Count = 1 }),
        ImmutableArray<RegistryLogin> logins => logins.Add(new RegistryLogin("registry.test", "ci", "word")),
        ImmutableSortedDictionary<ulong, ServiceSpec> specs => specs.Add(99, Log.Spec("kept")),
        ClusterId => new ClusterId("other"),
        NodeId => new NodeId("other"),
        ServiceId => new ServiceId("other"),
        TaskId => new TaskId("other"),
        PayloadId => new PayloadId("other"),
        PayloadKind => PayloadKind.Config,
        PayloadSpec => new PayloadSpec { Name = "other" },
        ByteString => ByteString.CopyFromUtf8("other"),
        ClusterSpec => new ClusterSpec { AddressPool = "10.0.0.0/8" },
        NodeSpec => new NodeSpec { Availability = NodeSpec.Types.Availability.Drain },
        NodeDescription => new NodeDescription { Hostname = "other" },
        ServiceSpec => Log.Spec("other"),
        UpdateStatusRecord u => u with { Message = "other" },
        TaskStatusRecord s => s with { Message = "other" },
        TaskState s => s == TaskState.Running ? TaskState.Shutdown : TaskState.Running,
        NodeRole => NodeRole.Manager,
        NodeStatus.Types.State => NodeStatus.Types.State.Disconnected,
        UpdateStatus.Types.State => UpdateStatus.Types.State.Paused,
        RequestMark m => m with { Digest = m.Digest + 1 },
        ActionOutcome => ActionOutcome.Conflict("x", 1, 2),
        null => Missing(property.PropertyType),
        _ => throw new ArgumentOutOfRangeException(nameof(property), property, "no other value"),
    };

    private static object Missing(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var t when t == typeof(DateTimeOffset) => At,
        var t when t == typeof(int) => 0,
        var t => throw new ArgumentOutOfRangeException(nameof(type), t, "no value"),
    };

    private static ClusterRecord Cluster => new()
    {
        Id = new ClusterId("c"),
        CreatedAt = At,
        Spec = new ClusterSpec(),
        RootCertificatePem = "pem",
        RootKeyPem = "key",
        WorkerTokenSecret = [1],
        ManagerTokenSecret = [2],
    };

    private static ServiceRecord Service(UpdateStatusRecord update) => new()
    {
        Id = new ServiceId("s"),
        CreatedAt = At,
        Spec = Log.Spec("web"),
        PreviousSpec = Log.Spec("old"),
        Update = update,
    };

    private static TaskRecord Task(TaskStatusRecord status) => new()
    {
        Id = new TaskId("t"),
        ServiceId = new ServiceId("s"),
        SpecVersion = 1,
        Slot = 1,
        NodeId = new NodeId("n"),
        DesiredState = TaskState.Running,
        CreatedAt = At,
        Status = status,
    };
}
