using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Orchestrator.Tests;

public sealed class ReplicatedTests
{
    private readonly World _world = new();

    [Fact]
    public void One_plan_brings_a_service_to_its_nodes()
    {
        Nodes(3);
        var id = _world.Create(World.Spec("web", 6));
        var plan = _world.Plan();
        Assert.Equal(6, plan.Actions.Length);
        Assert.All(_world.Tasks(id), t => Assert.Equal(
            (TaskState.Assigned, TaskState.Running), (t.Status.State, t.DesiredState)));
        Assert.All(_world.State.Nodes.Keys, n => Assert.Equal(2, _world.State.TasksOn(n).Count()));
        Assert.Equal("scheduler assigned task to node", _world.Tasks(id)[0].Status.Message);
        Assert.True(_world.Plan().IsEmpty);
    }

    [Fact]
    public void Tasks_and_nodes_of_a_plan_come_in_the_order_of_the_store()
    {
        Nodes(20);
        var id = _world.Create(World.Spec("web", 200));
        var created = _world.Plan().Actions.Cast<StoreAction.CreateTask>().Select(a => a.Task).ToList();
        InOrder(created.Select(t => t.Id.Value));
        InOrder(created.Select(t => t.NodeId.Value));
        Assert.Equal(Enumerable.Range(1, 200).Select(i => (ulong)i), _world.Tasks(id).Select(t => t.Slot));

        static void InOrder(IEnumerable<string> ids)
        {
            var places = ids.Select(StableHash.Place).ToList();
            Assert.Equal(places.Order(), places);
        }
    }

    [Fact]
    public void Where_not_all_have_room_the_lowest_slots_have_it()
    {
        Nodes(3);
        var spec = World.Spec("web", 60);
        spec.Task.Reservations = new Resources { MemoryBytes = 1L << 30 };
        var id = _world.Create(spec);
        _world.Run(3);
        Assert.Equal(Enumerable.Range(1, 24).Select(i => (ulong)i), _world.Running(id).Select(t => t.Slot));
        Assert.All(_world.State.Nodes.Keys, n => Assert.Equal(8, _world.State.TasksOn(n).Count()));
        _world.Update(id, s => s.Replicated.Replicas = 20);
        _world.Run(3);
        _world.Update(id, s => s.Replicated.Replicas = 40);
        _world.Run(3);
        Assert.Equal(Enumerable.Range(1, 24).Select(i => (ulong)i), _world.Running(id).Select(t => t.Slot));
    }

    [Fact]
    public void Scaling_takes_from_the_fullest_node_and_the_highest_slot()
    {
        Nodes(3);
        var id = _world.Create(World.Spec("web", 7));
        _world.Run(3);
        _world.Update(id, s => s.Replicated.Replicas = 3);
        _world.Run(3);
        Assert.Equal(3, _world.Running(id).Select(t => t.NodeId).Distinct().Count());
        Assert.Equal(3, _world.Tasks(id).Count);
        _world.Update(id, s => s.Replicated.Replicas = 5);
        _world.Run(3);
        Assert.Equal([1UL, 2, 3, 4, 5], _world.Running(id).Select(t => t.Slot));
    }

    [Fact]
    public void A_failed_task_is_replaced_after_the_delay_and_not_before()
    {
        Nodes(2);
        var id = _world.Create(World.Spec("web", 1));
        _world.Run(2);
        var failed = _world.Running(id).Single();
        _world.Report(failed.Id, TaskState.Failed, 3);
        _world.Plan();
        var tasks = _world.Tasks(id);
        Assert.Equal([TaskState.Shutdown, TaskState.Ready], tasks.Select(t => t.DesiredState));
        _world.Run(4.5);
        Assert.Empty(_world.Running(id));
        _world.NewLeader();
        _world.Run(1.5);
        Assert.Single(_world.Running(id));
    }

    [Theory]
    [InlineData(NodeSpec.Types.Availability.Drain)]
    [InlineData(NodeSpec.Types.Availability.Active)]
    public void The_delay_stays_when_the_replacement_loses_its_node_before_it_started(
        NodeSpec.Types.Availability availability)
    {
        Nodes(3);
        var id = _world.Create(World.Spec("web", 1));
        _world.Run(2);
        _world.Report(_world.Running(id).Single().Id, TaskState.Failed, 3);
        _world.Run(1);
        var waiting = _world.Tasks(id).Single(t => t.DesiredState == TaskState.Ready);
        if (availability == NodeSpec.Types.Availability.Drain)
        {
            _world.SetAvailability(waiting.NodeId, availability);
        }
        else
        {
            _world.SetNode(waiting.NodeId, NodeStatus.Types.State.Down);
        }

        _world.Run(3);
        Assert.Equal(TaskState.Shutdown, _world.State.Tasks[waiting.Id].DesiredState);
        Assert.Empty(_world.Running(id));
        _world.Run(2);
        Assert.Single(_world.Running(id));
    }

    [Theory]
    [InlineData(RestartPolicy.Types.Condition.None, 1, 1)]
    [InlineData(RestartPolicy.Types.Condition.None, 0, 1)]
    [InlineData(RestartPolicy.Types.Condition.OnFailure, 0, 1)]
    [InlineData(RestartPolicy.Types.Condition.OnFailure, 1, 2)]
    [InlineData(RestartPolicy.Types.Condition.Any, 0, 2)]
    public void The_condition_decides(RestartPolicy.Types.Condition condition, int exit, int tasks)
    {
        Nodes(1);
        var spec = World.Spec("web", 1);
        spec.Task.Restart = new RestartPolicy { Condition = condition, DelayNs = 0 };
        var id = _world.Create(spec);
        _world.Run(1);
        var first = _world.Running(id).Single().Id;
        _world.Report(first, exit == 0 ? TaskState.Complete : TaskState.Failed, exit);
        _world.Run(1);
        Assert.Equal(tasks, _world.Tasks(id).Count);
    }

    [Fact]
    public void Attempts_are_counted_over_leaders_and_history()
    {
        Nodes(1);
        var spec = World.Spec("web", 1);
        spec.Task.Restart = new RestartPolicy { DelayNs = 1_000_000_000, MaxAttempts = 8 };
        _world.Crash = (_, _) => 1;
        var id = _world.Create(spec);
        for (var i = 0; i < 40; i++)
        {
            _world.NewLeader();
            _world.Run(1);
        }

        Assert.Equal(9, _world.Tasks(id).Count);
        Assert.All(_world.Tasks(id), t => Assert.Equal(TaskState.Failed, t.Status.State));
    }

    /// <summary>Found by the simulator: it came back only when something else was planned.</summary>
    [Fact]
    public void What_lost_its_node_when_its_attempts_were_used_up_comes_back_as_the_window_moves_on()
    {
        var nodes = Nodes(2);
        var spec = World.Spec("web", 1);
        spec.Task.Restart = new RestartPolicy { DelayNs = 0, MaxAttempts = 1, WindowNs = 10_000_000_000 };
        var id = _world.Create(spec);
        _world.Run(1);
        _world.Report(_world.Running(id).Single().Id, TaskState.Failed, 1);
        _world.Run(1);
        var again = _world.Running(id).Single();
        _world.SetNode(again.NodeId, NodeStatus.Types.State.Down);
        Assert.Equal(2, nodes.Count);
        _world.Plan();
        Assert.DoesNotContain(_world.Tasks(id), t => t.IsWanted);
        Assert.Equal(again.CreatedAt.AddSeconds(10), _world.WakeAt);
        _world.Run(8);
        Assert.Empty(_world.Running(id));
        _world.Run(3);
        Assert.Single(_world.Running(id));
    }

    [Fact]
    public void A_missing_image_is_tried_once_a_delay()
    {
        Nodes(1);
        _world.Unpullable = _ => true;
        var id = _world.Create(World.Spec("web", 1));
        _world.Run(21);
        Assert.InRange(_world.Tasks(id).Count, 3, 5);
        Assert.True(_world.State.LastIndex < 200);
    }

    [Theory]
    [InlineData("down")]
    [InlineData("drain")]
    [InlineData("remove")]
    public void What_its_node_cannot_keep_runs_elsewhere_without_delay(string how)
    {
        var nodes = Nodes(3);
        var id = _world.Create(World.Spec("web", 6));
        _world.Run(2);
        if (how == "down")
        {
            _world.SetNode(nodes[0], NodeStatus.Types.State.Down);
        }
        else if (how == "drain")
        {
            _world.SetAvailability(nodes[0], NodeSpec.Types.Availability.Drain);
        }
        else
        {
            _world.MustDo(new StoreAction.RemoveNode(nodes[0]));
        }

        _world.Run(1.5);
        Assert.Equal(6, _world.Running(id).Count);
        Assert.DoesNotContain(_world.Running(id), t => t.NodeId == nodes[0]);
        if (how == "down")
        {
            _world.SetNode(nodes[0], NodeStatus.Types.State.Ready);
            _world.Run(1);
            Assert.Equal(6, _world.Tasks(id).Count(t => t.Status.State == TaskState.Running));
        }
    }

    [Fact]
    public void Unknown_and_disconnected_nodes_keep_their_tasks()
    {
        var nodes = Nodes(2);
        _world.Create(World.Spec("web", 4));
        _world.Run(2);
        _world.SetNode(nodes[0], NodeStatus.Types.State.Unknown);
        Assert.True(_world.Plan().IsEmpty);
        _world.SetNode(nodes[0], NodeStatus.Types.State.Disconnected);
        Assert.True(_world.Plan().IsEmpty);
    }

    [Fact]
    public void What_cannot_be_placed_says_why_and_is_placed_as_soon_as_it_can()
    {
        var spec = World.Spec("web", 2);
        spec.Task.Placement = new Placement { Constraints = { "node.labels.zone==a" } };
        var nodes = Nodes(3);
        _world.SetAvailability(nodes[0], NodeSpec.Types.Availability.Drain);
        var id = _world.Create(spec);
        Assert.Equal(2, _world.Plan().Actions.Length);
        Assert.All(_world.Tasks(id), t => Assert.Equal(
            "no suitable node (scheduling constraints not satisfied on 2 nodes; 1 node not available for new tasks)",
            t.Status.Error));
        Assert.True(_world.Plan().IsEmpty);
        Label(nodes[1], "a");
        _world.Run(1);
        Assert.All(_world.Running(id), t => Assert.Equal((nodes[1], ""), (t.NodeId, t.Status.Error)));
        Label(nodes[1], "b");
        Label(nodes[2], "a");
        _world.Run(2);
        Assert.Equal([nodes[2], nodes[2]], _world.Running(id).Select(t => t.NodeId));
    }

    [Fact]
    public void A_removed_service_goes_with_its_last_task_also_when_a_node_is_down()
    {
        var nodes = Nodes(2);
        var id = _world.Create(World.Spec("web", 4));
        _world.Run(2);
        _world.SetNode(nodes[0], NodeStatus.Types.State.Down);
        _world.MustDo(new StoreAction.RemoveService(id));
        _world.Create(World.Spec("Web", 1).WithName("WEB"));
        _world.Run(2);
        Assert.False(_world.State.Services.ContainsKey(id));
        Assert.Empty(_world.State.TasksOf(id));
    }

    [Fact]
    public void History_is_kept_to_the_limit()
    {
        Nodes(1);
        var spec = World.Spec("web", 2);
        spec.Task.Restart = new RestartPolicy { DelayNs = 0 };
        _world.Crash = (t, _) => t.Slot == 1 ? 1 : null;
        var id = _world.Create(spec);
        _world.Run(20);
        Assert.InRange(_world.Tasks(id).Count(t => t.Slot == 1), 5, 6);
        Assert.Equal(1, _world.Tasks(id).Count(t => t.Slot == 2));
    }

    [Fact]
    public void After_a_day_nobody_waits_for_a_node_any_more()
    {
        var nodes = Nodes(2);
        var id = _world.Create(World.Spec("web", 2));
        _world.Run(2);
        _world.SetNode(nodes[0], NodeStatus.Types.State.Down);
        _world.Run(2);
        _world.Run(24 * 3600, 3600);
        _world.Run(2);
        Assert.Contains(_world.Tasks(id), t => t.Status.State == TaskState.Orphaned);
    }

    [Fact]
    public void Dynamic_ports_are_given_once_and_kept()
    {
        Nodes(1);
        var spec = World.Spec("web", 1);
        spec.Endpoint = new EndpointSpec { Ports = { new PortConfig { TargetPort = 80 } } };
        var id = _world.Create(spec);
        var other = _world.Create(spec.Clone().WithName("other"));
        _world.Run(1);
        var port = _world.State.Services[id].Ports.Single().PublishedPort;
        Assert.InRange(port, 30000u, 32767u);
        Assert.NotEqual(port, _world.State.Services[other].Ports.Single().PublishedPort);
        _world.Update(id, s => s.Task.Container.Image = "web:2");
        _world.Run(1);
        Assert.Equal(port, _world.State.Services[id].Ports.Single().PublishedPort);
    }

    private List<NodeId> Nodes(int count) => [.. Enumerable.Range(1, count).Select(i => _world.AddNode($"n{i}"))];

    private void Label(NodeId node, string zone)
    {
        var spec = _world.State.Nodes[node].Spec.Clone();
        spec.Labels["zone"] = zone;
        _world.MustDo(new StoreAction.UpdateNodeSpec(node, 0, spec));
    }
}

internal static class SpecEdits
{
    internal static ServiceSpec WithName(this ServiceSpec spec, string name)
    {
        spec.Name = name;
        return spec;
    }
}
