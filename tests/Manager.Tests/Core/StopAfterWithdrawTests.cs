using System.Collections.Immutable;
using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests.Core;

/// <summary>
/// The order of things when a published task is to stop: every node's kernel first, the task itself afterwards.
/// </summary>
public sealed class StopAfterWithdrawTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly NodeId N1 = new("n1".PadLeft(25, '0'));
    private static readonly NodeId N2 = new("n2".PadLeft(25, '0'));
    private static readonly ServiceId Web = new("web".PadLeft(25, '0'));
    private static readonly TaskId T1 = new("t1".PadLeft(25, '0'));

    private readonly DispatcherCore _core;
    private readonly SessionNumber _session1;
    private readonly SessionNumber _session2;
    private ClusterState _state = ClusterState.Empty;
    private DateTimeOffset _now = Start;

    public StopAfterWithdrawTests()
    {
        Apply(Node(N1), Node(N2), new StoreAction.CreateService(Web, Spec()));
        var service = _state.Services[Web];
        Apply(
            new StoreAction.SetServicePorts(Web, service.Version, [.. service.Spec.Endpoint.Ports]),
            new StoreAction.CreateTask(Task(service.SpecVersion)));
        Report(TaskState.Running);
        _core = new DispatcherCore(_state, _now);
        _session1 = _core.Open(N1, Hello("10.0.0.1"), ["10.0.0.1:2377"], _now);
        _session2 = _core.Open(N2, Hello("10.0.0.2"), ["10.0.0.1:2377"], _now);
    }

    [Fact]
    public void ANewSessionIsWelcomedBeforeItGetsItsTasks()
    {
        var kinds = Messages(_session1).Select(m => m.KindCase).ToList();
        Assert.Equal(
            [
                SessionResponse.KindOneofCase.Welcome, SessionResponse.KindOneofCase.Peers,
                SessionResponse.KindOneofCase.Mesh, SessionResponse.KindOneofCase.Payloads,
                SessionResponse.KindOneofCase.Assignments,
            ],
            kinds.Take(5));
    }

    [Fact]
    public void TheStopWaitsForEveryNodesKernel()
    {
        Messages(_session1);
        WantStopped();
        var mesh = Messages(_session1).Single(m => m.KindCase == SessionResponse.KindOneofCase.Mesh).Mesh;
        Assert.Empty(mesh.Services.Single().Backends);

        _core.MeshApplied(_session1, mesh.Version, _now);
        Assert.Empty(Orders());
        _core.MeshApplied(_session2, mesh.Version, _now);
        Assert.Equal((int)TaskState.Shutdown, Assert.Single(Orders()).DesiredState);
    }

    [Fact]
    public void ASilentNodeHoldsTheStopForTwoSecondsAtMost()
    {
        Messages(_session1);
        WantStopped();
        Messages(_session1);
        _core.Tick(_now + TimeSpan.FromSeconds(1.9));
        Assert.Empty(Orders());
        _core.Tick(_now + TimeSpan.FromSeconds(2));
        Assert.Single(Orders());
    }

    [Fact]
    public void AnOldAcknowledgementReleasesNothing()
    {
        Messages(_session1);
        WantStopped();
        Messages(_session1);
        _core.MeshApplied(_session1, 1, _now);
        _core.MeshApplied(_session2, 1, _now);
        Assert.Empty(Orders());
    }

    [Fact]
    public void ANodeMayOnlyReportOnItsOwnTasks()
    {
        var report = new StatusBatch { Sequence = 1 };
        report.Reports.Add(new TaskReport
        {
            TaskId = T1.Value, Status = new Protocol.V1.TaskStatus { State = (int)TaskState.Failed },
        });
        Assert.Empty(_core.Reports(_session2, report, _now));
        Assert.Single(_core.Reports(_session1, report, _now));
    }

    [Fact]
    public void AReportThatGoesBackIsDropped()
    {
        var report = new StatusBatch { Sequence = 1 };
        report.Reports.Add(new TaskReport
        {
            TaskId = T1.Value, Status = new Protocol.V1.TaskStatus { State = (int)TaskState.Preparing },
        });
        Assert.Empty(_core.Reports(_session1, report, _now));
    }

    [Fact]
    public void ASilentNodeIsDownOnceAfterTheGraceAndNotBefore()
    {
        Apply(Ready(N1), Ready(N2));
        _core.TakeActions();
        _core.Tick(_now + TimeSpan.FromSeconds(2.9));
        Assert.Empty(_core.TakeActions());
        _core.Heartbeat(_session2, _now + TimeSpan.FromSeconds(2.9));
        _core.Tick(_now + TimeSpan.FromSeconds(3));
        var down = Assert.IsType<StoreAction.SetNodeStatus>(Assert.Single(_core.TakeActions()));
        Assert.Equal((N1, NodeStatus.Types.State.Down), (down.Id, down.State));
        _core.Tick(_now + TimeSpan.FromSeconds(3.1));
        Assert.Empty(_core.TakeActions());
    }

    [Fact]
    public void ALostStreamAloneIsNotDown()
    {
        _core.TakeActions();
        _core.Closed(_session1, _now);
        _core.Tick(_now + TimeSpan.FromSeconds(1));
        Assert.Empty(_core.TakeActions());
    }

    [Fact]
    public void ANewLeaderGivesEveryNodeTimeToCome()
    {
        Apply(Ready(N1));
        var leader = new DispatcherCore(_state, _now);
        leader.Tick(_now + TimeSpan.FromSeconds(8.9));
        Assert.Empty(leader.TakeActions());
        leader.Tick(_now + TimeSpan.FromSeconds(9));
        Assert.NotEmpty(leader.TakeActions());
    }

    [Fact]
    public void ASecondSessionOfANodeEndsTheFirst()
    {
        _core.TakeOutput();
        _core.Open(N1, Hello("10.0.0.1"), [], _now);
        Assert.Contains(_core.TakeOutput(), o => o.Session == _session1 && o.Message is null);
        Assert.Equal(2, _core.SessionCount);
    }

    [Fact]
    public void ARemovedNodesSessionEnds()
    {
        Messages(_session1);
        Apply(new StoreAction.RemoveNode(N2));
        Assert.Contains(_core.TakeOutput(), o => o.Session == _session2 && o.Message is null);
        Assert.Equal(1, _core.SessionCount);
    }

    private void WantStopped()
    {
        var task = _state.Tasks[T1];
        Apply(new StoreAction.SetDesiredState(T1, task.Version, TaskState.Shutdown));
    }

    private IEnumerable<AssignedTask> Orders() => Messages(_session1)
        .Where(m => m.KindCase == SessionResponse.KindOneofCase.Assignments).SelectMany(m => m.Assignments.Tasks);

    private List<SessionResponse> Messages(SessionNumber session) =>
        [.. _core.TakeOutput().Where(o => o.Session == session && o.Message is not null).Select(o => o.Message!)];

    private void Report(TaskState state) => Apply(new StoreAction.ReportTaskStatus(T1, new TaskStatusRecord
    {
        State = state, At = _now, Address = "10.64.4.2",
    }));

    private void Apply(params StoreAction[] actions)
    {
        var result = _state.Apply(new StoreEntry(_now, [.. actions]), _state.LastIndex + 1);
        Assert.All(result.Outcomes, o => Assert.True(o.IsApplied, o.Message));
        _state = result.State;
        _core?.OnState(result.State, result.Changes, _now);
    }

    private static StoreAction Ready(NodeId id) =>
        new StoreAction.SetNodeStatus(id, NodeStatus.Types.State.Ready, "", "10.0.0.1");

    private static StoreAction Node(NodeId id) => new StoreAction.CreateNode(new NodeRecord
    {
        Id = id, CreatedAt = Start, Spec = new NodeSpec(), Role = NodeRole.Worker,
    });

    private static Hello Hello(string address) => new()
    {
        NodeAddress = address, Description = new NodeDescription { Hostname = address },
    };

    private static TaskRecord Task(ulong specVersion) => new()
    {
        Id = T1,
        ServiceId = Web,
        SpecVersion = specVersion,
        Slot = 1,
        NodeId = N1,
        DesiredState = TaskState.Running,
        CreatedAt = Start,
        Status = new TaskStatusRecord { State = TaskState.Assigned, At = Start },
    };

    private static ServiceSpec Spec()
    {
        var spec = new ServiceSpec
        {
            Name = "web",
            Replicated = new ReplicatedMode { Replicas = 1 },
            Task = new TaskSpec { Container = new ContainerSpec { Image = "web:1" } },
            Endpoint = new EndpointSpec(),
        };
        spec.Endpoint.Ports.Add(new PortConfig
        {
            Protocol = PortConfig.Types.Protocol.Tcp, TargetPort = 80, PublishedPort = 8080,
            PublishMode = PortConfig.Types.PublishMode.Ingress,
        });
        return spec;
    }
}
