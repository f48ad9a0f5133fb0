using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Orchestrator.Tests;

/// <summary>Generic resources from the reservation to the end of the task (behaviour.md J).</summary>
public sealed class GenericTests
{
    private readonly World _world = new();

    [Fact]
    public void Named_ones_are_given_to_one_task_each_and_come_back()
    {
        var node = _world.AddNode("a", d => d.Resources.Generic.Add(
            new GenericResource { Kind = "gpu", Names = { "g1", "g2", "g3" } }));
        var id = _world.Create(Spec("web", 2, 1));
        _world.Run(1);
        Assert.Equal(["g1", "g2"], _world.Running(id).SelectMany(t => t.Generic).SelectMany(g => g.Names).Order());
        Assert.Equal("gpu=g1, gpu=g2", _world.State.UsageOf(node).Generic.ToString());

        _world.Update(id, s => s.Replicated.Replicas = 4);
        _world.Run(1);
        var waiting = Assert.Single(_world.Tasks(id), t => t.NodeId.IsNone);
        Assert.Equal("no suitable node (insufficient resources on 1 node)", waiting.Status.Error);

        var ended = _world.Running(id)[0];
        _world.Report(ended.Id, TaskState.Failed, 1);
        _world.Plan();
        var next = Assert.Single(_world.Tasks(id), t => t.IsLive && t.Status.State == TaskState.Assigned);
        Assert.Equal(ended.Generic[0].Names, next.Generic[0].Names);
    }

    [Fact]
    public void Counted_ones_are_counted_and_the_snapshot_knows_them()
    {
        var node = _world.AddNode("a", d => d.Resources.Generic.Add(new GenericResource { Kind = "ssd", Count = 5 }));
        _world.AddNode("b");
        var id = _world.Create(Spec("web", 3, 2, "ssd"));
        _world.Run(1);
        Assert.Equal(2, _world.Running(id).Count);
        Assert.All(_world.Running(id), t => Assert.Equal((node, 2L), (t.NodeId, t.Generic[0].Count)));
        Assert.Equal(
            "no suitable node (insufficient resources on 2 nodes)",
            Assert.Single(_world.Tasks(id), t => t.NodeId.IsNone).Status.Error);
        var copy = SnapshotCodec.Decode(SnapshotCodec.Encode(_world.State));
        Assert.Equal("ssd=4", copy.UsageOf(node).Generic.ToString());
        Assert.Equal(_world.State.Hash128, copy.Hash128);
    }

    [Fact]
    public void A_node_that_lost_one_loses_the_task_that_has_it()
    {
        var node = _world.AddNode("a", d => d.Resources.Generic.Add(
            new GenericResource { Kind = "gpu", Names = { "g1", "g2" } }));
        var id = _world.Create(Spec("web", 2, 1));
        _world.Run(1);
        var description = _world.State.Nodes[node].Description!.Clone();
        description.Resources.Generic[0].Names.Remove("g1");
        _world.MustDo(new StoreAction.SetNodeDescription(node, description));
        _world.Run(1);
        Assert.Equal("g2", Assert.Single(_world.Running(id)).Generic[0].Names.Single());
        Assert.Single(_world.Tasks(id), t => t.IsLive && t.NodeId.IsNone);
    }

    [Fact]
    public void What_the_log_needs_says_which_form_it_has()
    {
        var spec = Spec("web", 1, 1);
        Assert.Equal(StoreFormat.KernelAndGeneric,
            StoreFormat.NeededBy(new StoreAction.CreateService(new ServiceId("s"), spec)));
        Assert.Equal(StoreFormat.First, StoreFormat.NeededBy(
            new StoreAction.AssignTask(new TaskId("t"), 0, new NodeId("n"), [])));
        Assert.Equal(StoreFormat.KernelAndGeneric, StoreFormat.NeededBy(
            new StoreAction.AssignTask(new TaskId("t"), 0, new NodeId("n"), [])
            {
                Generic = [new GenericResource { Kind = "gpu", Count = 1 }],
            }));
    }

    private static ServiceSpec Spec(string name, ulong replicas, long each, string kind = "gpu")
    {
        var spec = World.Spec(name, replicas);
        spec.Task.Reservations = new Resources { Generic = { new GenericResource { Kind = kind, Count = each } } };
        return spec;
    }
}
