using FsCheck;
using FsCheck.Fluent;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store.Tests;

/// <summary>
/// Entries drawn from a seed: all kinds of actions on few objects, so that they meet, are refused and overtake each
/// other. Some are commands, and some of these come twice.
/// </summary>
internal sealed class RandomLog(int seed)
{
    /// <summary>All numbers alike: sized ones would be few.</summary>
    internal static Arbitrary<int> Seeds { get; } = Gen.Choose(0, int.MaxValue).ToArbitrary();

    private readonly Random _dice = new(seed);
    private readonly List<StoreEntry> _commands = [];
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private int _made;

    internal StoreEntry Next(ClusterState state)
    {
        _now = _now.AddMilliseconds(_dice.Next(-200, 5_000));
        if (_commands.Count > 0 && _dice.Next(10) == 0)
        {
            return _commands[_dice.Next(_commands.Count)] with { At = _now };
        }

        if (_dice.Next(4) > 0)
        {
            return new StoreEntry(_now, [.. Enumerable.Range(0, _dice.Next(1, 6)).Select(_ => Action(state))]);
        }

        var id = new RequestId(7, (ulong)_commands.Count, 1);
        var command = StoreEntry.Of(_now, Action(state)) with
        {
            Request = new RequestMark(id, (UInt128)_dice.Next()),
        };
        _commands.Add(command);
        return command;
    }

    private StoreAction Action(ClusterState state) => _dice.Next(22) switch
    {
        0 => new StoreAction.SetCluster(Cluster(state)),
        1 => new StoreAction.CreateNode(Log.Node(Pick("n", 4), Pick("host", 2))),
        2 => new StoreAction.UpdateNodeSpec(
            Node(), Seen(state.Nodes.Get(Node())?.Version),
            new NodeSpec { Labels = { [Pick("k", 3)] = Pick("v", 2) } }),
        3 => new StoreAction.SetNodeStatus(
            Node(), (NodeStatus.Types.State)_dice.Next(4), Pick("m", 2), Pick("10.0.0.", 3)),
        4 => new StoreAction.SetNodeDescription(Node(), new NodeDescription { Hostname = Pick("host", 3) }),
        5 => new StoreAction.RemoveNode(Node()),
        6 => new StoreAction.CreateService(Service(), Spec()),
        7 => new StoreAction.UpdateServiceSpec(Service(), Seen(state.Services.Get(Service())?.Version), Spec()),
        8 => new StoreAction.RollBackService(Service(), 0, "manually requested rollback"),
        9 => new StoreAction.RemoveService(Service()),
        10 => new StoreAction.DeleteService(Service()),
        11 => new StoreAction.SetUpdateStatus(
            Service(), 0, new UpdateStatusRecord(UpdateStatus.Types.State.Updating, _now, null, Pick("u", 3))),
        12 or 13 => Create(state),
        14 => new StoreAction.AssignTask(Task(state), 0, Node(), [new PortConfig { PublishedPort = Port() }]),
        15 => new StoreAction.SetDesiredState(
            Task(state), 0, _dice.Next(2) == 0 ? TaskState.Shutdown : TaskState.Remove),
        16 => new StoreAction.ReportTaskStatus(Task(state), new TaskStatusRecord
        {
            State = Enum.GetValues<TaskState>()[_dice.Next(3, 12)],
            At = _now,
            ExitCode = _dice.Next(2) == 0 ? _dice.Next(3) : null,
        }),
        17 or 18 => new StoreAction.CreatePayload(
            Log.Payload(Pick("p", 3), Pick("key", 2), (PayloadKind)_dice.Next(1, 3))),
        19 => new StoreAction.UpdatePayloadSpec(
            new PayloadId(Pick("p", 3)), 0,
            new PayloadSpec { Name = Pick("key", 2), Labels = { ["k"] = Pick("v", 3) } }),
        20 => new StoreAction.RemovePayload(new PayloadId(Pick("p", 3))),
        _ => new StoreAction.DeleteTask(Task(state)),
    };

    private StoreAction Create(ClusterState state)
    {
        var service = Service();
        var isPlaced = _dice.Next(2) == 0;
        return new StoreAction.CreateTask(new TaskRecord
        {
            Id = new TaskId($"t{_dice.Next(100):d2}{_made++}"),
            ServiceId = service,
            SpecVersion = state.Services.Get(service)?.SpecVersion ?? 1,
            Slot = (ulong)_dice.Next(1, 4),
            NodeId = isPlaced ? Node() : default,
            DesiredState = TaskState.Running,
            CreatedAt = default,
            Status = new TaskStatusRecord { State = isPlaced ? TaskState.Assigned : TaskState.Pending, At = default },
        });
    }

    private ClusterRecord Cluster(ClusterState state) => new()
    {
        Id = new ClusterId("c"),
        Version = Seen(state.Cluster?.Version),
        CreatedAt = default,
        Spec = new ClusterSpec { AddressPool = "10.64.0.0/10" },
        RootCertificatePem = Pick("pem", 2),
        RootKeyPem = Pick("key", 2),
        WorkerTokenSecret = [(byte)_dice.Next(3)],
        ManagerTokenSecret = [(byte)_dice.Next(3)],
        FormatVersion = StoreFormat.Newest,
        Epoch = state.Cluster?.Epoch ?? 0,
    };

    private ServiceSpec Spec() => _dice.Next(6) == 0 ? Secretive()
        : _dice.Next(4) == 0 ? HostMode() : _dice.Next(3) == 0
        ? Log.Spec(Pick("web", 3), Pick("web:", 3), Port())
        : Log.Spec(Pick("web", 3), Pick("web:", 3));

    private ServiceSpec Secretive()
    {
        var spec = Log.Spec(Pick("web", 3), Pick("web:", 3));
        spec.Task.Container.Secrets.Add(new PayloadReference { Id = Pick("p", 3), Name = Pick("key", 2) });
        return spec;
    }

    private ServiceSpec HostMode()
    {
        var spec = Log.Spec(Pick("web", 3), Pick("web:", 3), Port());
        spec.Endpoint.Ports[0].PublishMode = PortConfig.Types.PublishMode.Host;
        return spec;
    }

    private ulong Seen(ulong? version) => _dice.Next(3) switch { 0 => 0, 1 => version ?? 5, _ => (ulong)_dice.Next(9) };

    private uint Port() => (uint)_dice.Next(8080, 8083);

    private NodeId Node() => new(Pick("n", 4));

    private ServiceId Service() => new(Pick("s", 3));

    private TaskId Task(ClusterState state) => state.Tasks.Count == 0
        ? new TaskId("none")
        : state.Tasks.Keys.ElementAt(_dice.Next(state.Tasks.Count));

    private string Pick(string name, int many) => $"{name}{_dice.Next(many)}";
}
