using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store.Tests;

public sealed class TaskTests
{
    private static readonly TaskId Id = new("t");
    private readonly Log _log = new();

    public TaskTests() => _log.Must(
        new StoreAction.CreateService(new ServiceId("s"), Reserving()),
        new StoreAction.CreateNode(Log.Node("n", "host")),
        new StoreAction.CreateNode(Log.Node("m")));

    [Fact]
    public void Creation_fills_in_what_the_log_does_not_carry()
    {
        _log.Must(new StoreAction.CreateTask(_log.Task("t", 1, "n")));
        var task = _log.State.Tasks[Id];
        Assert.Equal((_log.Now, _log.Now, 2UL), (task.CreatedAt, task.Status.AppliedAt, task.Version));
        Assert.Equal("scheduler assigned task to node", task.Status.Message);
    }

    /// <summary>So that the index follows from the records alone, whatever happened before.</summary>
    [Fact]
    public void A_service_stands_in_the_index_as_long_as_it_has_tasks()
    {
        var service = new ServiceId("s");
        Assert.False(_log.State.ByService.ContainsKey(service));
        _log.Must(new StoreAction.CreateTask(_log.Task("t", 1, "n")));
        Assert.True(_log.State.ByService.ContainsKey(service));
        Report(TaskState.Failed);
        Assert.Equal(1, _log.State.CountTasks(service));
        _log.Must(new StoreAction.DeleteTask(Id));
        Assert.False(_log.State.ByService.ContainsKey(service));
        Assert.Equal((0, 0, 0), (
            _log.State.CountTasks(service), _log.State.RunningTasks(service), _log.State.WaitingTasks(service)));
    }

    [Theory]
    [InlineData(TaskState.Preparing, TaskState.Assigned, false)]
    [InlineData(TaskState.Running, TaskState.Ready, false)]
    [InlineData(TaskState.Failed, TaskState.Shutdown, false)]
    [InlineData(TaskState.Complete, TaskState.Failed, false)]
    [InlineData(TaskState.Running, TaskState.Remove, false)]
    [InlineData(TaskState.Assigned, TaskState.Running, true)]
    [InlineData(TaskState.Running, TaskState.Running, true)]
    public void The_rank_never_falls(TaskState from, TaskState to, bool accepted)
    {
        _log.Must(new StoreAction.CreateTask(_log.Task("t", 1, "n")));
        Report(from);
        var outcome = _log.Do(new StoreAction.ReportTaskStatus(
            Id, new TaskStatusRecord { State = to, At = _log.Now }));
        Assert.Equal(accepted, outcome.IsApplied);
        Assert.Equal(accepted ? to : from, _log.State.Tasks[Id].Status.State);
    }

    [Fact]
    public void AppliedAt_tells_when_the_state_was_reached_and_the_run_is_remembered()
    {
        _log.Must(new StoreAction.CreateTask(_log.Task("t", 1, "n")));
        Report(TaskState.Running);
        var since = _log.Now;
        _log.Now = since.AddSeconds(5);
        Report(TaskState.Running);
        Assert.Equal(since, _log.State.Tasks[Id].Status.AppliedAt);
        Report(TaskState.Failed);
        Assert.Equal(since, _log.State.RunningSince(_log.State.Tasks[Id]));
        var copy = SnapshotCodec.Decode(SnapshotCodec.Encode(_log.State));
        Assert.Equal(since, copy.RunningSince(copy.Tasks[Id]));
    }

    [Fact]
    public void What_a_task_holds_is_held_until_it_has_ended()
    {
        _log.Must(new StoreAction.CreateTask(_log.Task("t", 1)));
        Assert.Equal(1, _log.State.WaitingTasks(new ServiceId("s")));
        Assert.Equal(NodeUsage.None, _log.State.UsageOf(new NodeId("n")));
        _log.Must(new StoreAction.AssignTask(Id, 0, new NodeId("n"), []));
        Assert.Equal((100, 1), (_log.State.UsageOf(new NodeId("n")).MemoryBytes, Active()));
        Assert.Equal(0, _log.State.WaitingTasks(new ServiceId("s")));
        _log.Must(new StoreAction.SetDesiredState(Id, 0, TaskState.Shutdown));
        Assert.Equal((100, 0), (_log.State.UsageOf(new NodeId("n")).MemoryBytes, Active()));
        Report(TaskState.Shutdown);
        Assert.Equal(0, _log.State.UsageOf(new NodeId("n")).MemoryBytes);
    }

    [Fact]
    public void A_port_is_taken_until_the_last_task_that_has_it_has_ended()
    {
        PortConfig[] port = [new PortConfig { PublishedPort = 80 }];
        foreach (var name in new[] { "t", "u" })
        {
            _log.Must(new StoreAction.CreateTask(_log.Task(name, name == "t" ? 1UL : 2)));
            _log.Must(new StoreAction.AssignTask(new TaskId(name), 0, new NodeId("n"), [.. port]));
        }

        Report(TaskState.Failed);
        Assert.Single(_log.State.UsageOf(new NodeId("n")).HostPorts);
        Assert.Single(SnapshotCodec.Decode(SnapshotCodec.Encode(_log.State)).UsageOf(new NodeId("n")).HostPorts);
        _log.Must(new StoreAction.ReportTaskStatus(
            new TaskId("u"), new TaskStatusRecord { State = TaskState.Failed, At = _log.Now }));
        Assert.Empty(_log.State.UsageOf(new NodeId("n")).HostPorts);
    }

    [Fact]
    public void A_task_is_never_assigned_twice_and_desired_states_go_forward()
    {
        _log.Must(new StoreAction.CreateTask(_log.Task("t", 1, "n")));
        Assert.Equal(
            RefusalKind.IllegalTransition, _log.Do(new StoreAction.AssignTask(Id, 0, new NodeId("m"), [])).Kind);
        _log.Must(new StoreAction.SetDesiredState(Id, 0, TaskState.Remove));
        Assert.Equal(
            RefusalKind.IllegalTransition,
            _log.Do(new StoreAction.SetDesiredState(Id, 0, TaskState.Running)).Kind);
    }

    [Fact]
    public void A_running_task_on_a_ready_node_cannot_be_forgotten()
    {
        _log.Must(new StoreAction.CreateTask(_log.Task("t", 1, "n")));
        Assert.Equal(RefusalKind.FailedPrecondition, _log.Do(new StoreAction.DeleteTask(Id)).Kind);
        _log.Must(new StoreAction.SetNodeStatus(new NodeId("n"), NodeStatus.Types.State.Down, "", ""));
        _log.Must(new StoreAction.DeleteTask(Id));
    }

    [Fact]
    public void A_removed_node_orphans_its_tasks()
    {
        _log.Must(new StoreAction.CreateTask(_log.Task("t", 1, "n")));
        _log.Must(new StoreAction.RemoveNode(new NodeId("n")));
        var task = _log.State.Tasks[Id];
        Assert.Equal((TaskState.Orphaned, TaskState.Shutdown), (task.Status.State, task.DesiredState));
        Assert.Empty(_log.State.FindNodes("host"));
    }

    [Fact]
    public void A_task_of_a_spec_that_is_not_in_force_is_not_created()
    {
        var task = _log.Task("t", 1);
        _log.Must(new StoreAction.UpdateServiceSpec(new ServiceId("s"), 0, Log.Spec("web", "web:9")));
        Assert.Equal(RefusalKind.Conflict, _log.Do(new StoreAction.CreateTask(task)).Kind);
    }

    [Fact]
    public void Network_indexes_are_the_lowest_free_ones()
    {
        Assert.Equal([1U, 2], new[] { "n", "m" }.Select(n => _log.State.Nodes[new NodeId(n)].NetworkIndex));
        _log.Must(new StoreAction.RemoveNode(new NodeId("n")), new StoreAction.CreateNode(Log.Node("x")));
        Assert.Equal(1U, _log.State.Nodes[new NodeId("x")].NetworkIndex);
    }

    [Fact]
    public void Changes_tell_before_and_after()
    {
        _log.Must(new StoreAction.CreateTask(_log.Task("t", 1, "n")));
        var changes = _log.Apply(
            new StoreAction.SetDesiredState(Id, 0, TaskState.Remove),
            new StoreAction.ReportTaskStatus(Id, new TaskStatusRecord { State = TaskState.Shutdown, At = _log.Now }),
            new StoreAction.DeleteTask(Id)).Changes;
        var change = Assert.Single(changes.Tasks);
        Assert.Equal((TaskState.Assigned, (TaskRecord?)null), (change.Before!.Status.State, change.After));
    }

    private void Report(TaskState state) => _log.Must(
        new StoreAction.ReportTaskStatus(Id, new TaskStatusRecord { State = state, At = _log.Now }));

    private int Active() => _log.State.UsageOf(new NodeId("n")).ActiveTasks;

    private static ServiceSpec Reserving()
    {
        var spec = Log.Spec("web");
        spec.Task.Reservations = new Resources { MemoryBytes = 100 };
        return spec;
    }
}
