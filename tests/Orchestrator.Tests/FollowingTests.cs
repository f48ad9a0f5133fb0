using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Orchestrator.Tests;

/// <summary>A planner that follows what changes does what one that has just been made would do.</summary>
public sealed class FollowingTests
{
    private readonly World _world = new();

    /// <summary>Found by the simulator: what had ended there was looked at only when its delay was over.</summary>
    [Fact]
    public void A_removed_node_is_seen_by_what_had_ended_on_it()
    {
        var nodes = Enumerable.Range(1, 3).Select(i => _world.AddNode($"n{i}")).ToList();
        _world.Unpullable = _ => true;
        var spec = World.Spec("web", 3);
        spec.Task.Restart = new RestartPolicy { DelayNs = 30_000_000_000 };
        var id = _world.Create(spec);
        _world.Run(32);
        var waiting = _world.Tasks(id).First(
            t => t is { IsWanted: true, Status.State: TaskState.Rejected } && t.StartNotBefore > _world.Now);
        _world.MustDo(new StoreAction.RemoveNode(waiting.NodeId));
        var fresh = new Planner().Plan(_world.State, _world.Now, _world.NewTaskId);
        var follows = _world.Plan();
        Assert.Equal(fresh.Actions.Length, follows.Actions.Length);
        Assert.Equal(fresh.WakeAt, follows.WakeAt);
    }
}
