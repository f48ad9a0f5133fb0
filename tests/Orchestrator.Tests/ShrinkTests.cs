using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;
using State = Swarm.Protocol.V1.UpdateStatus.Types.State;

namespace Swarm.Orchestrator.Tests;

/// <summary>A node says that it has less than before while a service is updated there.</summary>
public sealed class ShrinkTests
{
    private readonly World _world = new();

    private ServiceId Start(ulong replicas, RestartPolicy.Types.Condition condition)
    {
        foreach (var name in new[] { "n1", "n2", "n3" })
        {
            _world.AddNode(name);
        }

        var spec = World.Spec("web", replicas);
        spec.Task.Reservations = new Resources { MemoryBytes = 3L << 30 };
        spec.Task.Restart = new RestartPolicy { Condition = condition };
        spec.Update = new UpdatePolicy { Parallelism = 1, MonitorNs = 0 };
        var id = _world.Create(spec);
        _world.Run(1);
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        return id;
    }

    private TaskRecord? New(ServiceId id) =>
        _world.Tasks(id).LastOrDefault(t => t.SpecVersion == _world.State.Services[id].SpecVersion && t.IsWanted);

    private void Shrink(NodeId node)
    {
        var description = _world.State.Nodes[node].Description!.Clone();
        description.Resources.MemoryBytes = 1 << 30;
        _world.MustDo(new StoreAction.SetNodeDescription(node, description));
    }

    /// <summary>With on-failure its successor waits until it is known how it ends.</summary>
    [Theory]
    [InlineData(RestartPolicy.Types.Condition.OnFailure)]
    [InlineData(RestartPolicy.Types.Condition.Any)]
    public void A_slot_that_lost_its_new_task_counts_until_it_has_another(RestartPolicy.Types.Condition condition)
    {
        var id = Start(3, condition);
        _world.Step();
        var first = New(id)!;
        _world.Pace = 0;
        Shrink(first.NodeId);
        _world.Run(5);

        Assert.DoesNotContain(_world.Tasks(id), t => t.SpecVersion == first.SpecVersion && t.Slot != first.Slot);
        _world.Pace = 100;
        _world.Run(20);
        Assert.Equal(State.Completed, _world.State.Services[id].Update!.State);
        Assert.Equal(3, _world.Running(id).Count(t => t.SpecVersion == first.SpecVersion));
    }

    [Fact]
    public void An_update_whose_last_task_lost_its_room_is_not_complete()
    {
        var id = Start(1, RestartPolicy.Types.Condition.Any);
        _world.Plan();
        for (var step = 0; step < 20 && New(id) is not { DesiredState: TaskState.Running }; step++)
        {
            _world.Work();
            _world.Plan();
        }

        Assert.Equal(TaskState.Ready, New(id)!.Status.State);
        Shrink(New(id)!.NodeId);
        _world.Plan();
        Assert.Equal(State.Updating, _world.State.Services[id].Update!.State);
        _world.Run(10);
        Assert.Equal(State.Completed, _world.State.Services[id].Update!.State);
        Assert.Single(_world.Running(id));
    }
}
