using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;
using State = Swarm.Protocol.V1.UpdateStatus.Types.State;

namespace Swarm.Orchestrator.Tests;

public sealed class UpdateTests
{
    private readonly World _world = new();

    [Theory]
    [InlineData(1, UpdatePolicy.Types.Order.StopFirst)]
    [InlineData(2, UpdatePolicy.Types.Order.StopFirst)]
    [InlineData(0, UpdatePolicy.Types.Order.StopFirst)]
    [InlineData(2, UpdatePolicy.Types.Order.StartFirst)]
    public void A_rolling_update_keeps_its_promises(uint parallelism, UpdatePolicy.Types.Order order)
    {
        var id = Start(6, new UpdatePolicy { Parallelism = parallelism, Order = order, MonitorNs = 500_000_000 });
        var lowest = 6;
        var most = 0;
        _world.Checker = (_, state) =>
        {
            lowest = Math.Min(lowest, state.TasksOf(id).Count(t => t.Status.State == TaskState.Running));
            most = Math.Max(most, state.TasksOf(id).Count(t => t.Status.State == TaskState.Running));
        };
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Plan();
        Assert.Equal((State.Updating, "update in progress"), Status(id));
        _world.Run(10);
        Assert.Equal((State.Completed, "update completed"), Status(id));
        Assert.All(_world.Running(id), t => Assert.Equal("web:2", _world.State.SpecOf(t).Task.Container.Image));
        Assert.Equal(6, _world.Running(id).Count);
        var isStartFirst = order == UpdatePolicy.Types.Order.StartFirst;
        Assert.True(lowest >= (isStartFirst ? 6 : 6 - (int)(parallelism == 0 ? 6 : parallelism)), $"only {lowest} ran");
        Assert.True(most <= 6 + (isStartFirst ? 2 : 0), $"{most} ran");
    }

    [Fact]
    public void The_old_task_runs_while_the_new_image_is_pulled()
    {
        var id = Start(1, new UpdatePolicy());
        _world.Pace = 0;
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Run(9);
        Assert.Single(_world.Running(id));
        _world.Run(2);
        Assert.Empty(_world.Running(id));
        _world.Pace = 100;
        _world.Run(2);
        Assert.Single(_world.Running(id));
    }

    [Fact]
    public void The_delay_lies_between_two_slots()
    {
        var id = Start(3, new UpdatePolicy { DelayNs = 4_000_000_000, MonitorNs = 0 });
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Run(3.5);
        Assert.Equal(1, New(id));
        _world.NewLeader();
        _world.Run(4);
        Assert.Equal(2, New(id));
        _world.Run(5);
        Assert.Equal(3, New(id));
    }

    [Fact]
    public void A_bad_image_pauses_the_update_and_takes_nothing_down()
    {
        var id = Start(4, new UpdatePolicy { Parallelism = 2 });
        _world.Unpullable = s => s.Task.Container.Image == "bad";
        _world.Update(id, s => s.Task.Container.Image = "bad");
        _world.Run(30);
        Assert.Equal(State.Paused, Status(id).State);
        Assert.StartsWith("update paused due to failure or early termination of task t", Status(id).Message);
        Assert.Equal(4, _world.Running(id).Count);
        var version = _world.State.LastIndex;
        Assert.True(_world.Plan().IsEmpty);
        Assert.Equal(version, _world.State.LastIndex);
        _world.Unpullable = _ => false;
        _world.MustDo(new StoreAction.UpdateServiceSpec(id, 0, _world.State.Services[id].Spec.Clone()));
        _world.Run(20);
        Assert.Equal(State.Completed, Status(id).State);
        Assert.All(_world.Running(id), t => Assert.Equal("bad", _world.State.SpecOf(t).Task.Container.Image));
    }

    [Fact]
    public void A_crash_in_the_monitor_period_rolls_back()
    {
        var id = Start(4, new UpdatePolicy { FailureAction = UpdatePolicy.Types.FailureAction.Rollback });
        var before = _world.State.Services[id].Spec;
        _world.Crash = (_, s) => s.Task.Container.Image == "bad" ? 1 : null;
        _world.Update(id, s => s.Task.Container.Image = "bad");
        _world.Run(1.5);
        Assert.Equal(State.RollbackStarted, Status(id).State);
        _world.Run(20);
        Assert.Equal((State.RollbackCompleted, "rollback completed"), Status(id));
        Assert.Equal(before, _world.State.Services[id].Spec);
        Assert.Equal(4, _world.Running(id).Count);
    }

    [Fact]
    public void A_rollback_that_fails_is_paused()
    {
        var id = Start(2, new UpdatePolicy { FailureAction = UpdatePolicy.Types.FailureAction.Rollback });
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Run(20);
        _world.Crash = (t, s) =>
            s.Task.Container.Image == "web:1" && t.CreatedAt > _world.Now.AddSeconds(-3) ? 1 : null;
        _world.MustDo(new StoreAction.RollBackService(id, 0, "manually requested rollback"));
        _world.Run(4);
        Assert.Equal(State.RollbackPaused, Status(id).State);
    }

    [Fact]
    public void With_continue_everything_ends_on_the_new_spec()
    {
        var id = Start(3, new UpdatePolicy { FailureAction = UpdatePolicy.Types.FailureAction.Continue });
        var until = _world.Now.AddSeconds(20);
        _world.Unpullable = s => s.Task.Container.Image == "bad" && _world.Now < until;
        _world.Update(id, s => s.Task.Container.Image = "bad");
        _world.Run(60);
        Assert.Equal(State.Completed, Status(id).State);
        Assert.Equal(3, _world.Running(id).Count);
        Assert.Equal(3, New(id));
    }

    [Fact]
    public void A_failure_ratio_is_tolerated()
    {
        var id = Start(4, new UpdatePolicy { MaxFailureRatio = 0.3f });
        TaskId? victim = null;
        _world.Crash = (t, s) => s.Task.Container.Image == "web:2" && (victim ??= t.Id) == t.Id ? 1 : null;
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Run(40);
        Assert.Equal(State.Completed, Status(id).State);
        Assert.Equal(4, _world.Running(id).Count);
    }

    [Fact]
    public void A_new_spec_supersedes_one_on_its_way()
    {
        var id = Start(4, new UpdatePolicy { Parallelism = 2 });
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Run(0.3);
        _world.Update(id, s => s.Task.Container.Image = "web:3");
        _world.Run(30);
        Assert.Equal(State.Completed, Status(id).State);
        Assert.All(_world.Running(id), t => Assert.Equal("web:3", _world.State.SpecOf(t).Task.Container.Image));
        Assert.Equal(4, _world.Running(id).Count);
    }

    [Fact]
    public void What_containers_do_not_notice_restarts_none()
    {
        var id = Start(3, new UpdatePolicy());
        var before = _world.Running(id).Select(t => t.Id).ToList();
        _world.Update(id, s =>
        {
            s.Labels["a"] = "b";
            s.Update.Parallelism = 3;
            s.Task.Restart = new RestartPolicy { MaxAttempts = 3 };
            s.Endpoint = new EndpointSpec { Ports = { new PortConfig { TargetPort = 80, PublishedPort = 8080 } } };
            s.Task.Placement = new Placement { Constraints = { "node.role==worker" } };
        });
        _world.Run(3);
        Assert.Equal(before, _world.Running(id).Select(t => t.Id));
        Assert.Null(_world.State.Services[id].Update);
        Assert.Single(_world.State.Services[id].Ports);
    }

    [Fact]
    public void A_host_port_on_a_full_cluster_does_not_hold_the_update_up()
    {
        _world.AddNode("n1");
        _world.AddNode("n2");
        var spec = World.Spec("web", 2);
        spec.Update = new UpdatePolicy { MonitorNs = 0 };
        spec.Endpoint = new EndpointSpec
        {
            Ports =
            {
                new PortConfig
                {
                    TargetPort = 80, PublishedPort = 8080, PublishMode = PortConfig.Types.PublishMode.Host,
                },
            },
        };
        var id = _world.Create(spec);
        _world.Run(1);
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Run(4);
        Assert.Equal(State.Completed, Status(id).State);
        Assert.Equal(2, _world.Running(id).Select(t => t.NodeId).Distinct().Count());
    }

    [Fact]
    public void A_constraint_that_no_node_meets_takes_nothing_down()
    {
        var id = Start(3, new UpdatePolicy());
        _world.Update(id, s =>
        {
            s.Task.Container.Image = "web:2";
            s.Task.Placement = new Placement { Constraints = { "node.labels.zone==nowhere" } };
        });
        _world.Run(30);
        Assert.Equal(3, _world.Running(id).Count);
        Assert.Contains(_world.Tasks(id), t => t.Status.Error.StartsWith("no suitable node (scheduling constraints"));
    }

    [Fact]
    public void An_update_keeps_the_spread()
    {
        var id = Start(6, new UpdatePolicy { MonitorNs = 0 });
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Run(10);
        Assert.All(_world.Running(id).CountBy(t => t.NodeId), n => Assert.Equal(2, n.Value));
    }

    [Fact]
    public void A_node_that_dies_with_a_task_that_it_was_just_given_does_not_hold_the_update_up()
    {
        var id = Start(6, new UpdatePolicy { Parallelism = 1, MonitorNs = 0 });
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Pace = 0;
        _world.Run(0.3);
        var given = Assert.Single(_world.Tasks(id), t => t.Status.State == TaskState.Assigned);
        _world.SetNode(given.NodeId, NodeStatus.Types.State.Down);
        _world.Pace = 100;
        _world.Run(30);
        Assert.Equal((State.Completed, "update completed"), Status(id));
        Assert.Equal(6, New(id));
    }

    /// <summary>Found by the simulator: the update began such a slot again and again.</summary>
    [Fact]
    public void A_slot_that_the_restart_policy_gives_no_other_try_ends_as_after_any_switch()
    {
        var id = Start(2, new UpdatePolicy
        {
            FailureAction = UpdatePolicy.Types.FailureAction.Continue, MonitorNs = 0, Parallelism = 1,
        });
        _world.Unpullable = s => s.Task.Container.Image == "bad";
        _world.Update(id, s =>
        {
            s.Task.Container.Image = "bad";
            s.Task.Restart = new RestartPolicy { Condition = RestartPolicy.Types.Condition.None };
        });
        _world.Run(20);
        Assert.Equal((State.Completed, "update completed"), Status(id));
        Assert.Empty(_world.Running(id));
        var version = _world.State.Services[id].SpecVersion;
        Assert.All(
            _world.Tasks(id).GroupBy(t => t.Slot),
            slot => Assert.Equal(TaskState.Rejected, slot.Single(t => t.SpecVersion == version).Status.State));
    }

    private ServiceId Start(ulong replicas, UpdatePolicy policy)
    {
        for (var i = 1; i <= 3; i++)
        {
            _world.AddNode($"n{i}");
        }

        var spec = World.Spec("web", replicas);
        spec.Update = policy;
        var id = _world.Create(spec);
        _world.Run(2);
        Assert.Equal((int)replicas, _world.Running(id).Count);
        return id;
    }

    private int New(ServiceId id) =>
        _world.Running(id).Count(t => t.SpecVersion == _world.State.Services[id].SpecVersion);

    private (State State, string Message) Status(ServiceId id) =>
        _world.State.Services[id].Update is { } u ? (u.State, u.Message) : default;
}
