using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Orchestrator.Tests;

/// <summary>An update that takes the place of another one. All of it was found by the simulator.</summary>
public sealed class SupersededTests
{
    private readonly World _world = new();

    /// <summary>What the update before had begun goes on; it takes its part of the parallelism.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_change_that_restarts_nothing_does_not_let_an_update_begin_more(bool hasSwitched)
    {
        var id = Start(6, new UpdatePolicy { Parallelism = 1, MonitorNs = 0 });
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Plan();
        var begun = _world.Tasks(id).Single(t => Image(t) == "web:2");
        if (hasSwitched)
        {
            _world.Report(begun.Id, TaskState.Ready);
            _world.Plan();
        }

        _world.Pace = 0;
        _world.Update(id, s => s.Labels["a"] = "b");
        _world.Run(1);
        Assert.Equal(begun.Id, _world.Tasks(id).Single(t => Image(t) == "web:2").Id);
        _world.Pace = 100;
        _world.Run(20);
        Assert.Equal(UpdateStatus.Types.State.Completed, _world.State.Services[id].Update?.State);
        Assert.Equal(6, _world.Running(id).Count(t => Image(t) == "web:2"));
    }

    /// <summary>Its slot is tried again; no other one is begun with it.</summary>
    [Fact]
    public void What_a_superseded_update_had_begun_and_fails_keeps_its_part()
    {
        var id = Start(4, new UpdatePolicy
        {
            MonitorNs = 0, FailureAction = UpdatePolicy.Types.FailureAction.Continue,
        });
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Plan();
        var begun = _world.Tasks(id).Single(t => Image(t) == "web:2");
        _world.Update(id, s => s.Labels["a"] = "b");
        _world.Plan();
        _world.Report(begun.Id, TaskState.Rejected);
        _world.Plan();
        Assert.Equal(begun.Slot, _world.Tasks(id).Single(t => t.IsWanted && Image(t) == "web:2").Slot);
        _world.Run(20);
        Assert.Equal(4, _world.Running(id).Count(t => Image(t) == "web:2"));
    }

    /// <summary>Else it comes up when there is room, and nobody wants it.</summary>
    [Fact]
    public void What_waits_of_a_superseded_update_is_called_off_although_its_slot_is_not_due()
    {
        var id = Start(3, new UpdatePolicy { Parallelism = 3, Order = UpdatePolicy.Types.Order.StartFirst }, 5L << 30);
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Run(1);
        Assert.Equal(3, _world.Tasks(id).Count(t => t.IsWanted && Image(t) == "web:2"));
        _world.Update(id, s =>
        {
            s.Task.Container.Image = "web:3";
            s.Update.Parallelism = 1;
        });
        _world.Run(1);
        Assert.DoesNotContain(_world.Tasks(id), t => t.IsWanted && Image(t) == "web:2");
        Assert.Equal(3, _world.Running(id).Count(t => Image(t) == "web:1"));
        _world.AddNode("n4");
        _world.Run(30);
        Assert.Equal(3, _world.Running(id).Count(t => Image(t) == "web:3"));
    }

    /// <summary>An old task that does not stop took the place of one that attempts are counted from.</summary>
    [Fact]
    public void Attempts_are_counted_also_beside_an_old_task_that_does_not_stop()
    {
        var id = Start(1, new UpdatePolicy { FailureAction = UpdatePolicy.Types.FailureAction.Continue });
        _world.SetNode(_world.Running(id).Single().NodeId, NodeStatus.Types.State.Unknown);
        _world.Unpullable = s => s.Task.Container.Image == "bad";
        var tried = new HashSet<TaskId>();
        _world.Checker = (_, state) => tried.UnionWith(
            state.TasksOf(id).Where(t => t.Status.State == TaskState.Rejected).Select(t => t.Id));
        _world.Update(id, s =>
        {
            s.Task.Container.Image = "bad";
            s.Task.Restart = new RestartPolicy { DelayNs = 0, MaxAttempts = 6 };
        });
        _world.Run(30);
        Assert.Equal(7, tried.Count);
        Assert.Contains(_world.Tasks(id), t => t.Status.State == TaskState.Running);
    }

    private string Image(TaskRecord task) => _world.State.SpecOf(task).Task.Container.Image;

    private ServiceId Start(ulong replicas, UpdatePolicy policy, long memoryBytes = 0)
    {
        for (var i = 1; i <= 3; i++)
        {
            _world.AddNode($"n{i}");
        }

        var spec = World.Spec("web", replicas);
        spec.Update = policy;
        spec.Task.Reservations = new Resources { MemoryBytes = memoryBytes };
        var id = _world.Create(spec);
        _world.Run(2);
        Assert.Equal((int)replicas, _world.Running(id).Count);
        return id;
    }
}
