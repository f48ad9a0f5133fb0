using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Orchestrator.Tests;

public sealed class JobTests
{
    private readonly World _world = new();
    private int _most;

    public JobTests() => _world.Checker = Invariants.Check;

    private static ServiceSpec Job(ulong total, ulong most) => new()
    {
        Name = "job",
        Task = new TaskSpec { Container = new ContainerSpec { Image = "job:1" } },
        ReplicatedJob = new ReplicatedJobMode { TotalCompletions = total, MaxConcurrent = most },
    };

    private static ServiceSpec GlobalJob() => new()
    {
        Name = "job",
        Task = new TaskSpec { Container = new ContainerSpec { Image = "job:1" } },
        GlobalJob = new GlobalJobMode(),
    };

    private int Completed(ServiceId id) => _world.Tasks(id).Count(t => t.Status.State == TaskState.Complete);

    private void RunCounting(ServiceId id, double seconds)
    {
        for (var end = _world.Now.AddSeconds(seconds); _world.Now < end;)
        {
            _world.Step();
            _most = Math.Max(_most, _world.Tasks(id).Count(t => t.IsLive));
        }
    }

    [Fact]
    public void Ten_tasks_three_at_a_time_each_once()
    {
        _world.AddNode("n1");
        _world.AddNode("n2");
        _world.Crash = (_, _) => 0;
        var id = _world.Create(Job(10, 3));
        RunCounting(id, 10);
        Assert.Equal(10, Completed(id));
        Assert.Equal(3, _most);
        Assert.Equal(Enumerable.Range(1, 10).Select(i => (ulong)i), _world.Tasks(id).Select(t => t.Slot));
        Assert.All(_world.Tasks(id), t => Assert.Equal(TaskState.Complete, t.DesiredState));
        Assert.True(_world.Plan().IsEmpty);
        Assert.Null(_world.WakeAt);
    }

    /// <summary>A refused stop must not let one task too many run: who takes the turn comes with the next
    /// plan.</summary>
    [Fact]
    public void The_turn_of_a_task_that_is_given_up_with_its_node_is_not_given_away_in_the_same_plan()
    {
        var node = _world.AddNode("n1");
        var spec = Job(5, 1);
        spec.Task.Restart = new RestartPolicy { Condition = RestartPolicy.Types.Condition.None };
        var id = _world.Create(spec);
        _world.Run(1);
        _world.AddNode("n2");
        _world.SetNode(node, NodeStatus.Types.State.Down);

        var given = _world.Plan();
        var next = _world.Plan();

        Assert.Single(given.Actions, a => a is StoreAction.SetDesiredState { Desired: TaskState.Shutdown });
        Assert.DoesNotContain(given.Actions, a => a is StoreAction.CreateTask);
        Assert.Single(next.Actions, a => a is StoreAction.CreateTask { Task.Slot: 2 });
        Assert.Single(_world.Tasks(id), t => t.IsLive);
    }

    [Fact]
    public void What_fails_is_tried_again_after_the_delay_and_only_as_often_as_allowed()
    {
        _world.AddNode("n1");
        _world.Crash = (t, _) => t.Slot == 1 ? 1 : 0;
        var spec = Job(2, 2);
        spec.Task.Restart = new RestartPolicy { DelayNs = 2_000_000_000, MaxAttempts = 2 };
        var id = _world.Create(spec);
        _world.Run(1.5);
        Assert.Equal(1, _world.Tasks(id).Count(t => t.Slot == 1 && t.Status.State == TaskState.Failed));
        _world.Run(20);
        Assert.Equal(3, _world.Tasks(id).Count(t => t.Slot == 1 && t.Status.State == TaskState.Failed));
        Assert.Equal(1, Completed(id));
        Assert.True(_world.Plan().IsEmpty);
    }

    [Fact]
    public void With_condition_none_a_failure_is_the_last_word()
    {
        _world.AddNode("n1");
        _world.Crash = (_, _) => 1;
        var spec = Job(1, 1);
        spec.Task.Restart = new RestartPolicy { Condition = RestartPolicy.Types.Condition.None };
        var id = _world.Create(spec);
        _world.Run(20);
        Assert.Single(_world.Tasks(id));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_job_that_removes_itself_goes_when_its_time_is_over_however_it_ended(int exitCode)
    {
        _world.AddNode("n1");
        var spec = Job(2, 1);
        spec.Task.Restart = new RestartPolicy { Condition = RestartPolicy.Types.Condition.None };
        spec.ReplicatedJob.RemoveAfterNs = 30_000_000_000;
        var id = _world.Create(spec);
        _world.Run(100);
        Assert.True(_world.Tasks(id).Single().IsLive);
        _world.Crash = (_, _) => exitCode;
        _world.Run(20);
        Assert.False(_world.Service("job").Removing);
        Assert.Equal(2, _world.Tasks(id).Count(t => t.Status.State.IsTerminal()));
        Assert.NotNull(_world.WakeAt);
        _world.Run(20);
        Assert.Null(_world.State.Services.Get(id));
        Assert.Empty(_world.Tasks(id));
    }

    [Fact]
    public void A_job_that_waits_for_another_try_does_not_go()
    {
        _world.AddNode("n1");
        _world.Crash = (_, _) => 1;
        var spec = Job(1, 1);
        spec.Task.Restart = new RestartPolicy { DelayNs = 60_000_000_000, MaxAttempts = 1 };
        spec.ReplicatedJob.RemoveAfterNs = 0;
        var id = _world.Create(spec);
        _world.Run(50);
        Assert.NotNull(_world.State.Services.Get(id));
        _world.Run(30);
        Assert.Null(_world.State.Services.Get(id));
    }

    [Fact]
    public void A_job_on_a_node_that_is_away_is_not_over()
    {
        var node = _world.AddNode("n1");
        var spec = Job(1, 1);
        spec.Task.Restart = new RestartPolicy { Condition = RestartPolicy.Types.Condition.None };
        spec.ReplicatedJob.RemoveAfterNs = 0;
        var id = _world.Create(spec);
        _world.Run(2);
        _world.SetNode(node, NodeStatus.Types.State.Down);
        _world.Run(100);
        Assert.NotNull(_world.State.Services.Get(id));
    }

    [Fact]
    public void A_task_whose_node_is_lost_runs_elsewhere_at_once()
    {
        var first = _world.AddNode("n1");
        var id = _world.Create(Job(1, 1));
        _world.Run(1);
        Assert.Equal(first, _world.Tasks(id).Single().NodeId);
        var second = _world.AddNode("n2");
        _world.SetNode(first, NodeStatus.Types.State.Down);
        _world.Run(1);
        Assert.Equal(second, _world.Tasks(id).Single(t => t.IsLive).NodeId);
        _world.Crash = (_, _) => 0;
        _world.Run(1);
        Assert.Equal(1, Completed(id));
    }

    [Fact]
    public void Another_task_begins_the_job_anew_and_labels_do_not()
    {
        _world.AddNode("n1");
        _world.Crash = (_, _) => 0;
        var id = _world.Create(Job(3, 3));
        _world.Run(2);
        _world.Update(id, s => s.Labels.Add("a", "b"));
        _world.Update(id, s => s.ReplicatedJob.MaxConcurrent = 1);
        _world.Run(2);
        Assert.Equal((3, 1UL), (Completed(id), _world.Service("job").JobIteration));
        _world.Update(id, s => s.Task.ForceUpdate++);
        _world.Run(5);
        Assert.Equal((3, 2UL), (Completed(id), _world.Service("job").JobIteration));
        Assert.All(_world.Tasks(id), t => Assert.Equal(_world.Service("job").SpecVersion, t.SpecVersion));
    }

    [Fact]
    public void A_rollback_runs_the_previous_spec_from_the_beginning()
    {
        _world.AddNode("n1");
        _world.Crash = (_, _) => 0;
        var id = _world.Create(Job(2, 2));
        _world.Run(2);
        _world.Update(id, s => s.Task.Container.Image = "job:2");
        _world.Run(2);
        _world.MustDo(new StoreAction.RollBackService(id, 0, "manually requested rollback"));
        _world.Run(2);
        Assert.Equal((2, 3UL), (Completed(id), _world.Service("job").JobIteration));
        Assert.All(_world.Tasks(id), t => Assert.Equal("job:1", _world.State.SpecOf(t).Task.Container.Image));
    }

    [Fact]
    public void A_new_iteration_waits_in_each_slot_for_what_the_last_one_left()
    {
        _world.AddNode("n1");
        var id = _world.Create(Job(1, 1));
        _world.Run(1);
        _world.Update(id, s => s.Task.ForceUpdate++);
        _world.Plan();
        var next = _world.Tasks(id).Single(t => t.IsWanted);
        Assert.Equal(TaskState.Ready, next.DesiredState);
        _world.Run(2);
        Assert.Equal(TaskState.Running, _world.Tasks(id).Single(t => t.Id == next.Id).Status.State);
    }

    /// <summary>Found by the simulator: the next iteration ran beside the one before on each node.</summary>
    [Fact]
    public void A_new_iteration_waits_on_each_node_for_what_the_last_one_left()
    {
        _world.AddNode("n1");
        _world.AddNode("n2");
        var id = _world.Create(GlobalJob());
        _world.Run(1);
        var first = _world.Tasks(id);
        Assert.All(first, t => Assert.Equal(TaskState.Running, t.Status.State));
        _world.Update(id, s => s.Task.ForceUpdate++);
        _world.Checker = (_, state) => Assert.All(
            state.TasksOf(id).Where(t => t.Status.State == TaskState.Running).GroupBy(t => t.NodeId),
            node => Assert.Single(node));
        _world.Plan();
        var next = _world.Tasks(id).FindAll(t => t.IsWanted);
        Assert.Equal(2, next.Count);
        Assert.All(next, t => Assert.Equal(TaskState.Ready, t.DesiredState));
        _world.Run(2);
        Assert.All(next, t => Assert.Equal(TaskState.Running, _world.State.Tasks[t.Id].Status.State));
    }

    [Fact]
    public void A_global_job_ends_once_on_each_node_also_on_those_that_come_later()
    {
        var nodes = Enumerable.Range(1, 3).Select(i => _world.AddNode($"n{i}")).ToList();
        _world.SetAvailability(nodes[2], NodeSpec.Types.Availability.Drain);
        _world.Crash = (_, _) => 0;
        var id = _world.Create(GlobalJob());
        _world.Run(2);
        Assert.Equal([nodes[0], nodes[1]], _world.Tasks(id).Select(t => t.NodeId));
        Assert.Equal(2, Completed(id));
        _world.SetAvailability(nodes[2], NodeSpec.Types.Availability.Active);
        _world.SetAvailability(nodes[0], NodeSpec.Types.Availability.Drain);
        _world.Run(2);
        Assert.Equal(3, Completed(id));
        Assert.All(_world.Tasks(id), t => Assert.Equal(TaskState.Complete, t.DesiredState));
        Assert.True(_world.Plan().IsEmpty);
    }

    [Fact]
    public void A_removed_job_leaves_nothing()
    {
        _world.AddNode("n1");
        _world.Crash = (_, _) => 0;
        var id = _world.Create(Job(3, 1));
        _world.Run(0.6);
        _world.MustDo(new StoreAction.RemoveService(id));
        _world.Run(3);
        Assert.Null(_world.State.Services.Get(id));
        Assert.Empty(_world.State.Tasks);
    }

    /// <summary>Found by the simulator: its end was reported after its successor had been planned.</summary>
    [Fact]
    public void A_task_of_a_node_that_returns_is_heard_before_it_is_run_again()
    {
        var node = _world.AddNode("n1");
        var spec = World.Spec("job", 1);
        spec.GlobalJob = new GlobalJobMode();
        var id = _world.Create(spec);
        _world.Run(1);
        var task = _world.Tasks(id).Single();
        Assert.Equal(TaskState.Running, task.Status.State);
        _world.SetNode(node, NodeStatus.Types.State.Down);
        _world.Plan();
        _world.SetNode(node, NodeStatus.Types.State.Ready);
        _world.Plan();
        Assert.Single(_world.Tasks(id));
        _world.Report(task.Id, TaskState.Complete, 0);
        _world.Run(5);
        Assert.Equal(TaskState.Complete, _world.Tasks(id).Single().Status.State);
    }

    [Fact]
    public void What_replaced_a_task_that_had_ended_well_after_all_is_stopped()
    {
        var nodes = new[] { _world.AddNode("n1"), _world.AddNode("n2") };
        var spec = World.Spec("job", 1);
        spec.ReplicatedJob = new ReplicatedJobMode { MaxConcurrent = 1, TotalCompletions = 1 };
        var id = _world.Create(spec);
        _world.Run(1);
        var task = _world.Tasks(id).Single();
        _world.SetNode(task.NodeId, NodeStatus.Types.State.Down);
        _world.Run(1);
        Assert.Equal(2, _world.Tasks(id).Count);
        _world.SetNode(task.NodeId, NodeStatus.Types.State.Ready);
        _world.Report(task.Id, TaskState.Complete, 0);
        _world.Run(2);
        Assert.DoesNotContain(_world.Tasks(id), t => t.Status.State is >= TaskState.Assigned and <= TaskState.Running);
    }
}
