using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Orchestrator.Tests;

public sealed class DrainTests
{
    private readonly World _world = new() { Checker = Invariants.Check };

    private (ServiceId Id, NodeId Drained) Drain(UpdatePolicy.Types.Order order)
    {
        var nodes = Enumerable.Range(1, 2).Select(i => _world.AddNode($"n{i}")).ToList();
        var spec = World.Spec("web", 4);
        spec.Update = new UpdatePolicy { Order = order };
        var id = _world.Create(spec);
        _world.Run(1);
        _world.SetAvailability(nodes[0], NodeSpec.Types.Availability.Drain);
        return (id, nodes[0]);
    }

    private int LeastRunning(ServiceId id, double seconds)
    {
        var least = int.MaxValue;
        for (var end = _world.Now.AddSeconds(seconds); _world.Now < end;)
        {
            _world.Step();
            least = Math.Min(least, _world.Tasks(id).Count(t => t.Status.State == TaskState.Running));
        }

        return least;
    }

    [Fact]
    public void Start_first_leaves_a_drained_node_without_a_gap()
    {
        var (id, drained) = Drain(UpdatePolicy.Types.Order.StartFirst);
        Assert.Equal(4, LeastRunning(id, 5));
        Assert.DoesNotContain(_world.Running(id), t => t.NodeId == drained);
        Assert.Equal(4, _world.Running(id).Count);
    }

    [Fact]
    public void In_mid_update_the_old_task_goes_before_a_third_one_comes()
    {
        _world.AddNode("n1");
        var spec = World.Spec("web", 1);
        spec.Update = new UpdatePolicy { Order = UpdatePolicy.Types.Order.StartFirst };
        var id = _world.Create(spec);
        _world.Run(1);
        _world.AddNode("n2");
        _world.AddNode("n3");
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Plan();
        var next = Assert.Single(_world.Tasks(id), t => t.Status.State == TaskState.Assigned);
        _world.Report(next.Id, TaskState.Running);
        _world.SetAvailability(next.NodeId, NodeSpec.Types.Availability.Drain);

        Assert.Equal(1, LeastRunning(id, 10));
        Assert.Equal("web:2", _world.State.SpecOf(Assert.Single(_world.Running(id))).Task.Container.Image);
        Assert.DoesNotContain(_world.Running(id), t => t.NodeId == next.NodeId);
    }

    [Fact]
    public void Stop_first_leaves_it_at_once()
    {
        var (id, drained) = Drain(UpdatePolicy.Types.Order.StopFirst);
        Assert.Equal(2, LeastRunning(id, 5));
        Assert.DoesNotContain(_world.Running(id), t => t.NodeId == drained);
    }

    [Fact]
    public void The_old_tasks_stay_while_their_replacements_fail()
    {
        var (id, drained) = Drain(UpdatePolicy.Types.Order.StartFirst);
        _world.Unpullable = _ => true;
        Assert.Equal(4, LeastRunning(id, 20));
        Assert.Equal(2, _world.Running(id).Count(t => t.NodeId == drained));
        _world.Unpullable = _ => false;
        Assert.Equal(4, LeastRunning(id, 20));
        Assert.DoesNotContain(_world.Running(id), t => t.NodeId == drained);
    }

    /// <summary>Once another was made at once for each that had used up its attempts, without end.</summary>
    [Fact]
    public void Replacements_that_fail_are_tried_again_as_often_as_the_policy_wants()
    {
        var nodes = Enumerable.Range(1, 2).Select(i => _world.AddNode($"n{i}")).ToList();
        var spec = World.Spec("web", 2);
        spec.Update = new UpdatePolicy { Order = UpdatePolicy.Types.Order.StartFirst };
        spec.Task.Restart = new RestartPolicy { MaxAttempts = 3, DelayNs = SpecDefaults.ToNs(TimeSpan.FromSeconds(1)) };
        var id = _world.Create(spec);
        _world.Run(1);
        _world.Unpullable = _ => true;
        _world.SetAvailability(nodes[0], NodeSpec.Types.Availability.Drain);
        Assert.Equal(2, LeastRunning(id, 2));
        _world.Run(30);
        Assert.Equal(nodes[1], Assert.Single(_world.Running(id)).NodeId);
        Assert.Equal(3, _world.Tasks(id).Count(t => t.Status.State == TaskState.Rejected));
    }

    [Fact]
    public void A_drain_that_is_called_off_keeps_what_runs()
    {
        var (id, drained) = Drain(UpdatePolicy.Types.Order.StartFirst);
        var before = _world.Running(id).Select(t => t.Id).ToHashSet();
        _world.Plan();
        _world.SetAvailability(drained, NodeSpec.Types.Availability.Active);
        _world.Run(5);
        Assert.Equal(before, _world.Running(id).Select(t => t.Id).ToHashSet());
    }

    [Fact]
    public void A_replacement_whose_own_node_dies_is_replaced()
    {
        var (id, drained) = Drain(UpdatePolicy.Types.Order.StartFirst);
        _world.Plan();
        var other = _world.Tasks(id).Last(t => t.Status.State < TaskState.Running).NodeId;
        Assert.NotEqual(drained, other);
        var third = _world.AddNode("n3");
        _world.SetNode(other, NodeStatus.Types.State.Down);
        _world.Run(10);
        Assert.Equal(4, _world.Running(id).Count);
        Assert.All(_world.Running(id), t => Assert.Equal(third, t.NodeId));
    }

    [Fact]
    public void A_node_that_dies_while_it_is_drained_is_not_waited_for()
    {
        var (id, drained) = Drain(UpdatePolicy.Types.Order.StartFirst);
        _world.Unpullable = _ => true;
        _world.Run(1);
        _world.SetNode(drained, NodeStatus.Types.State.Down);
        _world.Unpullable = _ => false;
        _world.Run(20);
        Assert.Equal(4, _world.Running(id).Count);
        Assert.DoesNotContain(_world.Running(id), t => t.NodeId == drained);
    }
}
