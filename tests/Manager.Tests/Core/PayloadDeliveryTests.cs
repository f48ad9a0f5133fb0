using Google.Protobuf;
using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests.Core;

/// <summary>Secrets go to nodes whose tasks need them, before these tasks, and to nobody else (SEC-2).</summary>
public sealed class PayloadDeliveryTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly NodeId N1 = new("n1".PadLeft(25, '0'));
    private static readonly NodeId N2 = new("n2".PadLeft(25, '0'));
    private static readonly ServiceId Web = new("web".PadLeft(25, '0'));

    private readonly DispatcherCore _core;
    private readonly SessionNumber _one;
    private readonly SessionNumber _two;
    private ClusterState _state = ClusterState.Empty;

    public PayloadDeliveryTests()
    {
        Apply(
            Node(N1), Node(N2), Payload("a", PayloadKind.Secret), Payload("b", PayloadKind.Config),
            Payload("unused", PayloadKind.Secret), new StoreAction.CreateService(Web, Spec("a", "b")));
        _core = new DispatcherCore(_state, Now);
        _one = _core.Open(N1, new Hello { NodeAddress = "10.0.0.1" }, [], Now);
        _two = _core.Open(N2, new Hello { NodeAddress = "10.0.0.2" }, [], Now);
        _core.TakeOutput();
    }

    [Fact]
    public void They_come_once_and_before_the_task()
    {
        Give("t1", N1);
        var messages = _core.TakeOutput();
        Assert.All(messages, m => Assert.Equal(_one, m.Session));
        Assert.Equal(
            [SessionResponse.KindOneofCase.Payloads, SessionResponse.KindOneofCase.Assignments],
            messages.Select(m => m.Message!.KindCase));
        Assert.Equal(["a", "b"], messages[0].Message!.Payloads.Payloads.Select(p => p.Id));
        Assert.False(messages[0].Message!.Payloads.Complete);
        Give("t2", N1);
        Assert.DoesNotContain(_core.TakeOutput(), m => m.Message!.Payloads is not null);
    }

    [Fact]
    public void They_go_with_the_last_task()
    {
        Give("t1", N1);
        Give("t2", N1);
        _core.TakeOutput();
        Do(new StoreAction.SetDesiredState(new TaskId("t1"), 0, TaskState.Shutdown));
        Assert.DoesNotContain(_core.TakeOutput(), m => m.Message!.Payloads is not null);
        Do(new StoreAction.ReportTaskStatus(
            new TaskId("t2"), new TaskStatusRecord { State = TaskState.Failed, At = Now }));
        var gone = _core.TakeOutput().Single(m => m.Message!.Payloads is not null);
        Assert.Equal((_one, 2), (gone.Session, gone.Message!.Payloads.RemovedIds.Count));
        Give("t3", N1);
        Assert.Contains(_core.TakeOutput(), m => m.Message!.Payloads is { Payloads.Count: 2 });
    }

    [Fact]
    public void In_one_step_one_task_may_follow_another()
    {
        Give("t1", N1);
        _core.TakeOutput();
        Do(
            new StoreAction.SetDesiredState(new TaskId("t1"), 0, TaskState.Shutdown),
            new StoreAction.CreateTask(Task("t2", N1)));
        Assert.DoesNotContain(_core.TakeOutput(), m => m.Message!.Payloads is not null);
    }

    [Fact]
    public void A_new_session_gets_them_all_and_only_them()
    {
        Give("t1", N1);
        _core.TakeOutput();
        var again = _core.Open(N1, new Hello { NodeAddress = "10.0.0.1" }, [], Now);
        var other = _core.Open(N2, new Hello { NodeAddress = "10.0.0.2" }, [], Now);
        var updates = _core.TakeOutput().Where(m => m.Message?.Payloads is not null)
            .ToDictionary(m => m.Session, m => m.Message!.Payloads);
        Assert.Equal((true, 2), (updates[again].Complete, updates[again].Payloads.Count));
        Assert.Equal((true, 0), (updates[other].Complete, updates[other].Payloads.Count));
        Assert.NotEqual(_two, other);
    }

    [Fact]
    public void What_is_large_comes_in_pieces()
    {
        var ids = Enumerable.Range(0, 6).Select(i => $"c{i}").ToArray();
        Do([.. ids.Select(id => Payload(id, PayloadKind.Config, 900_000))]);
        var spec = Spec();
        spec.Task.Container.Configs.Add(ids.Select(id => new PayloadReference { Id = id, Name = id }));
        Do(new StoreAction.UpdateServiceSpec(Web, 0, spec));
        Give("t1", N1);
        var updates = _core.TakeOutput().Where(m => m.Message!.Payloads is not null).ToList();
        Assert.Equal(ids, updates.SelectMany(u => u.Message!.Payloads.Payloads.Select(p => p.Id)));
        Assert.All(updates, u => Assert.True(u.Message!.CalculateSize() < 2 << 20));
    }

    private void Give(string task, NodeId node) => Do(new StoreAction.CreateTask(Task(task, node)));

    private void Do(params StoreAction[] actions)
    {
        var changes = Apply(actions);
        _core.OnState(_state, changes, Now);
    }

    private Changes Apply(params StoreAction[] actions)
    {
        var result = _state.Apply(new StoreEntry(Now, [.. actions]), _state.LastIndex + 1);
        Assert.All(result.Outcomes, o => Assert.True(o.IsApplied, o.Message));
        _state = result.State;
        return result.Changes;
    }

    private TaskRecord Task(string id, NodeId node) => new()
    {
        Id = new TaskId(id),
        ServiceId = Web,
        SpecVersion = _state.Services[Web].SpecVersion,
        Slot = 1,
        NodeId = node,
        DesiredState = TaskState.Running,
        CreatedAt = default,
        Status = new TaskStatusRecord { State = TaskState.Assigned, At = default },
    };

    private static StoreAction.CreateNode Node(NodeId id) => new(new NodeRecord
    {
        Id = id, CreatedAt = default, Spec = new NodeSpec(), Role = NodeRole.Worker,
        State = NodeStatus.Types.State.Ready,
    });

    private static StoreAction.CreatePayload Payload(string id, PayloadKind kind, int bytes = 6) => new(
        new PayloadRecord
        {
            Id = new PayloadId(id), Kind = kind, CreatedAt = default, Spec = new PayloadSpec { Name = id },
            Data = ByteString.CopyFrom(new byte[bytes]),
        });

    private static ServiceSpec Spec(string? secret = null, string? config = null)
    {
        var spec = new ServiceSpec
        {
            Name = "web",
            Task = new TaskSpec { Container = new ContainerSpec { Image = "web:1" } },
            Replicated = new ReplicatedMode { Replicas = 1 },
        };
        spec.Task.Container.Secrets.Add(
            new[] { secret }.OfType<string>().Select(s => new PayloadReference { Id = s, Name = s }));
        spec.Task.Container.Configs.Add(
            new[] { config }.OfType<string>().Select(c => new PayloadReference { Id = c, Name = c }));
        return spec;
    }
}
