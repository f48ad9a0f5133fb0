using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests.Core;

public sealed class StateEventsTests
{
    private static readonly ServiceId Id = new("s");
    private static readonly NodeId Node = new("n");
    private ClusterState _state = ClusterState.Empty;

    [Fact]
    public void Services_look_as_docker_shows_them()
    {
        Assert.Equal(["service create s name=web"], Told(new StoreAction.CreateService(Id, Spec("web:1", 3))));
        Assert.Equal(
            ["service update s name=web replicas.new=5 replicas.old=3"],
            Told(new StoreAction.UpdateServiceSpec(Id, 0, Spec("web:1", 5))));
        Assert.Equal(
            ["service update s image.new=web:2 image.old=web:1 name=web"],
            Told(new StoreAction.UpdateServiceSpec(Id, 0, Spec("web:2", 5))));
        Assert.Equal(
            ["service update s name=web updatestate.new=updating"], Told(Update(UpdateStatus.Types.State.Updating)));
        Assert.Equal(
            ["service update s name=web updatestate.new=completed updatestate.old=updating"],
            Told(Update(UpdateStatus.Types.State.Completed)));
        Assert.Equal(
            ["service update s image.new=web:1 image.old=web:2 name=web updatestate.new=rollback_started "
                + "updatestate.old=completed"],
            Told(new StoreAction.RollBackService(Id, 0, "x")));
        Assert.Equal(["service remove s name=web"], Told(new StoreAction.RemoveService(Id)));
        Assert.Empty(Told(new StoreAction.DeleteService(Id)));
    }

    [Fact]
    public void Nodes_and_tasks_say_what_changed()
    {
        Told(new StoreAction.CreateService(Id, Spec("web:1", 1)));
        Assert.Equal(["node create n name=n"], Told(Create()));
        Assert.Equal(
            ["node update n name=n state.new=ready state.old=unknown"],
            Told(new StoreAction.SetNodeStatus(Node, NodeStatus.Types.State.Ready, "", "")));
        Assert.Equal(
            ["task create t desiredstate.new=running name=web.1 node.id=n node.name=n service.id=s service.name=web "
                + "state.new=assigned"],
            Told(new StoreAction.CreateTask(new TaskRecord
            {
                Id = new TaskId("t"), ServiceId = Id, SpecVersion = 1, Slot = 1, NodeId = Node,
                DesiredState = TaskState.Running, CreatedAt = default,
                Status = new TaskStatusRecord { State = TaskState.Assigned, At = default },
            })));
        Assert.Equal(
            ["task update t error.new=exit 3 exitcode.new=3 name=web.1 node.id=n node.name=n service.id=s "
                + "service.name=web state.new=failed state.old=assigned"],
            Told(new StoreAction.ReportTaskStatus(
                new TaskId("t"),
                new TaskStatusRecord { State = TaskState.Failed, At = default, ExitCode = 3, Error = "exit 3" })));
        Assert.Equal(
            ["task remove t name=web.1 node.id=n node.name=n service.id=s service.name=web"],
            Told(new StoreAction.DeleteTask(new TaskId("t"))));
        Assert.Equal(["node remove n name=n"], Told(new StoreAction.RemoveNode(Node)));
    }

    [Fact]
    public void A_task_that_goes_with_its_service_keeps_its_name()
    {
        Told(new StoreAction.CreateService(Id, Spec("web:1", 1)));
        Told(new StoreAction.CreateTask(new TaskRecord
        {
            Id = new TaskId("t"), ServiceId = Id, SpecVersion = 1, Slot = 1, DesiredState = TaskState.Running,
            CreatedAt = default, Status = new TaskStatusRecord { State = TaskState.Pending, At = default },
        }));
        Told(new StoreAction.RemoveService(Id));
        Assert.Equal(
            ["task remove t name=web.1 service.id=s service.name=web"],
            Told(new StoreAction.DeleteTask(new TaskId("t")), new StoreAction.DeleteService(Id)));
    }

    [Theory]
    [InlineData("", "", "", true)]
    [InlineData("service", "", "", true)]
    [InlineData("task", "", "", false)]
    [InlineData("", "remove", "", false)]
    [InlineData("service", "create", "web", true)]
    [InlineData("", "", "s", true)]
    [InlineData("", "", "other", false)]
    public void Filters_are_all_needed(string type, string action, string service, bool wanted)
    {
        var request = new WatchRequest();
        request.Types_.Add(new[] { type }.Where(t => t.Length > 0));
        request.Actions.Add(new[] { action }.Where(t => t.Length > 0));
        request.Services.Add(new[] { service }.Where(t => t.Length > 0));
        var result = _state.Apply(StoreEntry.Of(default, new StoreAction.CreateService(Id, Spec("web:1", 1))), 1);
        var e = StateEvents.Of(new StateStep(result.State, result.Changes, default)).Single();
        Assert.Equal(wanted, new EventFilter(request).Wants(e));
    }

    private List<string> Told(params StoreAction[] actions)
    {
        var result = _state.Apply(new StoreEntry(default, [.. actions]), _state.LastIndex + 1);
        Assert.All(result.Outcomes, o => Assert.True(o.IsApplied, o.Message));
        _state = result.State;
        return [.. StateEvents.Of(new StateStep(_state, result.Changes, default)).Select(e =>
            $"{e.Type} {e.Action} {e.Id} " + string.Join(
                ' ', e.Attributes.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key}={a.Value}")))];
    }

    private static StoreAction Update(UpdateStatus.Types.State state) =>
        new StoreAction.SetUpdateStatus(Id, 0, new UpdateStatusRecord(state, default, null, ""));

    private static StoreAction Create() => new StoreAction.CreateNode(new NodeRecord
    {
        Id = Node, CreatedAt = default, Spec = new NodeSpec(), Role = NodeRole.Worker,
    });

    private static ServiceSpec Spec(string image, ulong replicas) => new()
    {
        Name = "web",
        Task = new TaskSpec { Container = new ContainerSpec { Image = image } },
        Replicated = new ReplicatedMode { Replicas = replicas },
    };
}
