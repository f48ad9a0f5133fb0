using Swarm.Manager.Core;
using Swarm.Manager.Tests.Backup;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests.Core;

/// <summary>A restored swarm looks before it acts (invariant I13).</summary>
public sealed class ObservationTests
{
    private static readonly NodeId Worker = new("w1");
    private static readonly DateTimeOffset Now = States.At.AddHours(1);

    private readonly ClusterState _state = NewEpoch.Begin(
        States.Small(), new NewEpochRequest(new NodeId("new"), new NodeSpec(), true, [1], [2]), Now).State;

    private int _tasks;

    [Fact]
    public void A_node_is_told_what_to_watch_and_nothing_that_changes_it()
    {
        var core = new DispatcherCore(_state, Now);
        core.Open(Worker, Hello(), ["10.0.0.9:2377"], Now);
        var messages = core.TakeOutput().Select(o => o.Message!).ToList();
        Assert.Equal(
            [SessionResponse.KindOneofCase.Welcome, SessionResponse.KindOneofCase.Assignments],
            messages.Select(m => m.KindCase));
        Assert.Equal(_state.Cluster!.Epoch, messages[0].Welcome.Epoch);
        Assert.True(messages[1].Assignments.Observe);
        var task = Assert.Single(messages[1].Assignments.Tasks);
        Assert.Equal((States.Task(3).Value, (int)TaskState.Running), (task.Id, task.DesiredState));
    }

    [Fact]
    public void A_task_that_was_to_be_stopped_is_watched_only()
    {
        var state = Apply(_state, new StoreAction.SetDesiredState(States.Task(3), 0, TaskState.Shutdown));
        var core = new DispatcherCore(state, Now);
        core.Open(Worker, Hello(), [], Now);
        var task = Assert.Single(core.TakeOutput()[1].Message!.Assignments.Tasks);
        Assert.Equal((int)TaskState.Running, task.DesiredState);
    }

    [Fact]
    public void What_changes_meanwhile_is_not_told_and_the_end_tells_everything()
    {
        var core = new DispatcherCore(_state, Now);
        core.Open(Worker, Hello(), [], Now);
        core.TakeOutput();
        var entry = StoreEntry.Of(Now, new StoreAction.SetDesiredState(States.Task(3), 0, TaskState.Remove));
        var stopped = _state.Apply(entry, _state.LastIndex + 1);
        core.OnState(stopped.State, stopped.Changes, Now);
        Assert.Empty(core.TakeOutput());
        var ended = stopped.State.Apply(
            StoreEntry.Of(Now, new StoreAction.SetCluster(stopped.State.Cluster! with { Observe = false })),
            stopped.State.LastIndex + 1);
        core.OnState(ended.State, ended.Changes, Now);
        var messages = core.TakeOutput().Select(o => o.Message!).ToList();
        Assert.Equal(
            [
                SessionResponse.KindOneofCase.Peers, SessionResponse.KindOneofCase.Mesh,
                SessionResponse.KindOneofCase.Payloads, SessionResponse.KindOneofCase.Assignments,
            ],
            messages.Select(m => m.KindCase));
        Assert.True(messages[0].Peers.Complete);
        Assert.True(messages[3].Assignments is { Complete: true, Observe: false });
        Assert.Equal((int)TaskState.Remove, Assert.Single(messages[3].Assignments.Tasks).DesiredState);
    }

    [Fact]
    public void The_report_compares_what_runs_with_the_state()
    {
        var report = Report((Worker, [("stranger", TaskState.Running), ("ended", TaskState.Failed)]));
        Assert.True(report.Observing);
        var node = report.Nodes.Single(n => n.NodeId == "w1");
        Assert.True(node.Reported);
        Assert.Equal(0UL, node.AsWanted);
        Assert.Equal(["stranger"], node.ToStop);
        Assert.Equal(["web.3.t3"], node.Missing);
        Assert.False(report.Nodes.Single(n => n.NodeId == "new").Reported);
        // Slots 1 and 2 were on managers that are gone, 3 does not run.
        Assert.Equal(3UL, report.TasksToStart["web"]);
    }

    [Fact]
    public void What_runs_as_wanted_is_counted()
    {
        var node = Report((Worker, [("t3", TaskState.Running)])).Nodes.Single(n => n.NodeId == "w1");
        Assert.Equal((1UL, 0, 0), (node.AsWanted, node.ToStop.Count, node.Missing.Count));
    }

    [Fact]
    public void A_task_that_is_not_wanted_any_more_is_told_by_its_name()
    {
        var state = Apply(_state, new StoreAction.SetDesiredState(States.Task(3), 0, TaskState.Remove));
        var report = ObservationReport.Of(
            state, Found((Worker, [("t3", TaskState.Running)])), Now, NextTask);
        Assert.Equal(["web.3.t3"], report.Nodes.Single(n => n.NodeId == "w1").ToStop);
    }

    private GetObservationResponse Report(params (NodeId Node, (string Task, TaskState State)[] Found)[] nodes) =>
        ObservationReport.Of(_state, Found(nodes), Now, NextTask);

    private static Dictionary<NodeId, IReadOnlyList<FoundTask>> Found(
        params (NodeId Node, (string Task, TaskState State)[] Found)[] nodes) => nodes.ToDictionary(
            n => n.Node,
            n => (IReadOnlyList<FoundTask>)
                [.. n.Found.Select(f => new FoundTask { TaskId = f.Task, State = (int)f.State })]);

    private TaskId NextTask() => new($"next{++_tasks}");

    private static ClusterState Apply(ClusterState state, StoreAction action) =>
        state.Apply(StoreEntry.Of(Now, action), state.LastIndex + 1).State;

    private static Hello Hello() => new()
    {
        Description = new NodeDescription { Hostname = "w1" }, NodeAddress = "10.0.0.4",
    };
}
