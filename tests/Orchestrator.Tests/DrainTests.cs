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
