using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Orchestrator.Tests;

public sealed class GlobalTests
{
    private readonly World _world = new();

    [Fact]
    public void One_task_on_each_node_that_comes_and_none_where_it_does_not_belong()
    {
        var spec = World.Global("agent");
        spec.Task.Placement = new Placement { Constraints = { "node.hostname!=n3" } };
        var nodes = Enumerable.Range(1, 3).Select(i => _world.AddNode($"n{i}")).ToList();
        var id = _world.Create(spec);
        _world.Run(1);
        Assert.Equal([nodes[0], nodes[1]], _world.Running(id).Select(t => t.NodeId));
        var fourth = _world.AddNode("n4");
        _world.Run(1);
        Assert.Equal([nodes[0], nodes[1], fourth], _world.Running(id).Select(t => t.NodeId));
        _world.SetAvailability(nodes[0], NodeSpec.Types.Availability.Drain);
        _world.Run(1);
        Assert.Equal([nodes[1], fourth], _world.Running(id).Select(t => t.NodeId));
        _world.SetAvailability(nodes[0], NodeSpec.Types.Availability.Active);
        _world.Run(2);
        Assert.Equal(3, _world.Running(id).Count);
        _world.MustDo(new Store.StoreAction.RemoveNode(fourth));
        _world.Run(1);
        Assert.DoesNotContain(_world.Tasks(id), t => t.NodeId == fourth);
    }

    [Fact]
    public void Paused_nodes_are_left_as_they_are()
    {
        var nodes = Enumerable.Range(1, 2).Select(i => _world.AddNode($"n{i}")).ToList();
        var id = _world.Create(World.Global("agent"));
        _world.Run(1);
        _world.SetAvailability(nodes[0], NodeSpec.Types.Availability.Pause);
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Run(15);
        Assert.Equal(["web:1", "web:2"], _world.Running(id).Select(t => _world.State.SpecOf(t).Task.Container.Image));
        Assert.Equal(UpdateStatus.Types.State.Completed, _world.Service("agent").Update?.State);
        _world.SetAvailability(nodes[0], NodeSpec.Types.Availability.Active);
        _world.Run(15);
        Assert.All(_world.Running(id), t => Assert.Equal("web:2", _world.State.SpecOf(t).Task.Container.Image));
        Assert.Equal(2, _world.Running(id).Count);
    }

    /// <summary>Found by the simulator: what had been begun there was forgotten while it was begun again.</summary>
    [Fact]
    public void An_update_begins_no_other_slot_for_one_that_loses_its_room_on_the_way()
    {
        var nodes = Enumerable.Range(1, 3).Select(i => _world.AddNode($"n{i}")).ToList();
        var spec = World.Global("agent");
        spec.Update = new UpdatePolicy { Parallelism = 1, MonitorNs = 0 };
        spec.Task.Reservations = new Resources { MemoryBytes = 6L << 30 };
        var id = _world.Create(spec);
        _world.Run(1);
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Plan();
        _world.Work();
        _world.Plan();
        var (begun, description) = (Updated(id).Single(), _world.State.Nodes[nodes[0]].Description!);
        Assert.Equal((nodes[0], TaskState.Assigned), (begun.NodeId, begun.Status.State));
        var small = description.Clone();
        small.Resources.MemoryBytes = 1L << 30;
        _world.MustDo(new Store.StoreAction.SetNodeDescription(nodes[0], small));
        _world.Plan();
        Assert.Equal(nodes[0], Updated(id).Single().NodeId);
        Assert.NotEqual(begun.Id, Updated(id).Single().Id);
        Assert.Equal(2, _world.Running(id).Count);
        _world.MustDo(new Store.StoreAction.SetNodeDescription(nodes[0], description));
        _world.Run(10);
        Assert.Equal(3, Updated(id).Count(t => t.Status.State == TaskState.Running));
    }

    private List<TaskRecord> Updated(ServiceId id) =>
        _world.Tasks(id).FindAll(t => t.IsWanted && _world.State.SpecOf(t).Task.Container.Image == "web:2");

    [Fact]
    public void A_global_task_that_does_not_fit_says_why()
    {
        _world.AddNode("n1");
        var spec = World.Global("agent");
        spec.Task.Reservations = new Resources { MemoryBytes = 1L << 40 };
        var id = _world.Create(spec);
        _world.Plan();
        Assert.Equal("no suitable node (insufficient resources on 1 node)", _world.Tasks(id).Single().Status.Error);
    }

    /// <summary>Found by the simulator: full nodes took the whole parallelism, and no other node was updated.</summary>
    [Fact]
    public void Nodes_without_room_do_not_keep_an_update_from_the_others()
    {
        var nodes = Enumerable.Range(1, 6).Select(i => _world.AddNode(
            $"n{i}", d => d.Resources.MemoryBytes = i <= 3 ? 1L << 30 : 8L << 30)).ToList();
        var spec = World.Global("agent");
        spec.Task.Reservations = new Resources { MemoryBytes = 2L << 30 };
        var id = _world.Create(spec);
        _world.Run(1);
        Assert.Equal(3, _world.Running(id).Count);
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Run(60);
        Assert.All(
            _world.Tasks(id).Where(t => t.IsWanted),
            t => Assert.Equal("web:2", _world.State.SpecOf(t).Task.Container.Image));
        Assert.Equal(nodes[3..], _world.Running(id).Select(t => t.NodeId));
    }

    /// <summary>What waits for room itself must not wait for ever behind those that the update keeps waiting.</summary>
    [Fact]
    public void What_no_node_has_taken_is_updated_although_the_update_stands_still()
    {
        var nodes = Enumerable.Range(1, 4).Select(i => _world.AddNode(
            $"n{i}", d => d.Resources.MemoryBytes = i <= 2 ? 1L << 30 : 8L << 30)).ToList();
        var spec = World.Global("agent");
        spec.Task.Reservations = new Resources { MemoryBytes = 2L << 30 };
        spec.Update = new UpdatePolicy { Order = UpdatePolicy.Types.Order.StartFirst };
        var id = _world.Create(spec);
        _world.Run(1);
        Assert.Equal(2, _world.Running(id).Count);
        _world.SetAvailability(nodes[0], NodeSpec.Types.Availability.Pause);
        _world.Update(id, s => s.Task.Reservations = new Resources { MemoryBytes = 7L << 30 });
        _world.Run(10);
        _world.SetAvailability(nodes[0], NodeSpec.Types.Availability.Active);
        _world.Run(10);
        Assert.Equal(2, _world.Running(id).Count);
        var version = _world.State.Services[id].SpecVersion;
        Assert.All(
            _world.Tasks(id).Where(t => t.IsWanted && t.Status.State != TaskState.Running),
            t => Assert.Equal(version, t.SpecVersion));
    }

    /// <summary>What it takes from one node it has to give back before it goes on to the next.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void An_update_that_finds_no_room_stops_no_more_than_it_may(int history)
    {
        _world.MustDo(new Store.StoreAction.SetCluster(new ClusterRecord
        {
            Id = new ClusterId("c"),
            CreatedAt = default,
            Spec = new ClusterSpec { TaskHistoryLimit = history },
            RootCertificatePem = "",
            RootKeyPem = "",
            WorkerTokenSecret = [],
            ManagerTokenSecret = [],
            FormatVersion = Store.StoreFormat.Newest,
        }));
        for (var i = 1; i <= 5; i++)
        {
            _world.AddNode($"n{i}");
        }

        var id = _world.Create(World.Global("agent"));
        _world.Run(1);
        _world.Update(id, s => s.Task.Reservations = new Resources { MemoryBytes = 1L << 40 });
        _world.Run(60);
        Assert.InRange(_world.Running(id).Count, 4, 5);
    }
}
