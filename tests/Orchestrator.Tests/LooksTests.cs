using System.Globalization;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Orchestrator.Tests;

/// <summary>A plan costs what changed: counted in tasks that were looked at, never in time.</summary>
public sealed class LooksTests
{
    private readonly World _world = new();

    [Theory]
    [InlineData(400)]
    [InlineData(4_000)]
    public void A_crash_costs_the_same_whatever_the_size_of_the_service(int replicas)
    {
        Nodes(20);
        var id = _world.Create(World.Spec("web", (ulong)replicas));
        _world.Run(1);
        Assert.Equal(replicas, _world.Running(id).Count);
        Crash(id);
        var before = _world.Looks;
        Crash(id);
        Assert.InRange(_world.Looks - before, 1, 300);
    }

    [Fact]
    public void A_quiet_cluster_is_not_looked_at()
    {
        Nodes(20);
        for (var i = 0; i < 20; i++)
        {
            _world.Create(World.Spec($"web{i}", 50));
        }

        _world.Run(1);
        var before = _world.Looks;
        for (var i = 0; i < 10; i++)
        {
            Assert.True(_world.Plan().IsEmpty);
        }

        Assert.Equal(before, _world.Looks);
        _world.AddNode("late");
        Assert.True(_world.Plan().IsEmpty);
        Assert.Equal(before, _world.Looks);
    }

    [Fact]
    public void A_lost_node_costs_its_own_tasks()
    {
        Nodes(50);
        var id = _world.Create(World.Spec("web", 2_000));
        _world.Run(1);
        Crash(id);
        var before = _world.Looks;
        _world.SetNode(_world.State.Nodes.Keys.Min(), NodeStatus.Types.State.Down);
        _world.Run(1);
        Assert.Equal(2_000, _world.Running(id).Count);
        // Looking at all of them would be 2,000 for each of the ten plans.
        Assert.InRange(_world.Looks - before, 40, 6_000);
    }

    [Fact]
    public void Tasks_without_a_place_are_not_tried_again_until_a_node_could_take_them()
    {
        Nodes(20);
        var spec = World.Spec("web", 500);
        spec.Task.Reservations = new Resources { MemoryBytes = 64L << 30 };
        var id = _world.Create(spec);
        for (var i = 0; i < 4; i++)
        {
            _world.Plan();
        }

        const string reason = "no suitable node (insufficient resources on 20 nodes)";
        Assert.All(_world.Tasks(id), t => Assert.Equal(reason, t.Status.Error));
        var before = _world.Looks;
        var other = _world.Create(World.Spec("small", 3));
        _world.Run(1);
        Assert.Equal(3, _world.Running(other).Count);
        Assert.InRange(_world.Looks - before, 1, 300);

        _world.AddNode("large", d => d.Resources.MemoryBytes = 130L << 30);
        _world.Run(1);
        Assert.Equal(2, _world.Running(id).Count);
        Assert.All(
            _world.Tasks(id).FindAll(t => t.NodeId.IsNone),
            t => Assert.Equal("no suitable node (insufficient resources on 21 nodes)", t.Status.Error));
    }

    [Fact]
    public void A_huge_service_does_not_keep_small_ones_waiting()
    {
        Nodes(30);
        var huge = _world.Create(World.Spec("huge", 3 * Planner.MaxActions));
        _world.Plan();
        var small = _world.Create(World.Spec("small", 100));
        var plan = _world.Plan();
        Assert.True(plan.MoreToDo);
        Assert.Equal(100, _world.Tasks(small).Count(t => t.Status.State == TaskState.Assigned));
        while (!_world.Plan().IsEmpty)
        {
        }

        Assert.Equal(3 * Planner.MaxActions, _world.Tasks(huge).Count(t => t.Status.State == TaskState.Assigned));
    }

    /// <summary>What a planner remembers may save it work and must never change what it says has to be done.</summary>
    [Fact]
    public void Another_planner_finds_nothing_left_to_do()
    {
        Nodes(5);
        var id = _world.Create(World.Spec("web", 40));
        _world.Run(1);
        _world.Update(id, s => s.Replicated.Replicas = 30);
        _world.Run(1);
        _world.Update(id, s => s.Replicated.Replicas = 60);
        _world.Run(1);
        Assert.Equal(Enumerable.Range(1, 60).Select(i => (ulong)i), _world.Running(id).Select(t => t.Slot));
    }

    [Fact]
    public void A_plan_that_came_to_nothing_is_forgotten()
    {
        Nodes(4);
        var spec = World.Spec("web", 8);
        spec.Task.Reservations = new Resources { MemoryBytes = 3L << 30 };
        _world.Create(spec);
        var planner = new Planner();
        for (var i = 0; i < 3; i++)
        {
            var plan = planner.Plan(_world.State, _world.Now, _world.NewTaskId);
            Assert.Equal(8, plan.Actions.OfType<StoreAction.CreateTask>().Count(a => !a.Task.NodeId.IsNone));
        }
    }

    private void Nodes(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _world.AddNode(i.ToString("d3", CultureInfo.InvariantCulture));
        }
    }

    private void Crash(ServiceId id)
    {
        var victim = _world.State.TasksOf(id).First(t => t.Status.State == TaskState.Running);
        _world.Report(victim.Id, TaskState.Failed, 1);
        _world.Run(7, 0.5);
    }
}
