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
