using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Scheduler.Tests;

public sealed class PlacementTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private ClusterState _state = ClusterState.Empty;
    private int _ids;

    [Fact]
    public void Fewest_of_the_service_then_fewest_in_all()
    {
        Nodes(3);
        Assert.All(Place(Spec("a"), 4).Select(g => g.Count()), n => Assert.InRange(n, 1, 2));
        var second = Place(Spec("b"), 2);
        Assert.All(_state.Nodes.Keys, n => Assert.Equal(2, _state.UsageOf(n).ActiveTasks));
        Assert.Equal(2, second.Count());
    }

    [Fact]
    public void The_first_task_of_each_service_does_not_always_land_on_the_same_node()
    {
        Nodes(5);
        var state = _state;
        var first = new HashSet<NodeId>();
        for (var i = 0; i < 20; i++)
        {
            _state = state;
            first.Add(Place(Spec($"s{i}"), 1).Single().Key);
        }

        Assert.True(first.Count > 2);
    }

    [Fact]
    public void Reservations_fill_nodes_and_the_rest_says_why()
    {
        Nodes(2);
        var spec = Spec("a");
        spec.Task.Reservations = new Resources { MemoryBytes = 400 };
        Assert.Equal([2, 2], Place(spec, 5).Select(g => g.Count()));
        Assert.Equal("no suitable node (insufficient resources on 2 nodes)", _why);
    }

    [Fact]
    public void Each_filter_says_no_in_its_own_words_worst_first()
    {
        Nodes(7);
        Edit(0, n => n with { State = NodeStatus.Types.State.Down });
        Edit(1, n => n with { Spec = new NodeSpec { Availability = NodeSpec.Types.Availability.Drain } });
        Edit(2, n => n with { Description = Description(100) });
        Edit(3, n => n with { Spec = new NodeSpec() });
        Edit(4, n => n with { Spec = new NodeSpec() });
        Edit(5, n => n with { Spec = new NodeSpec() });
        var arm = Description(1000);
        arm.Platform.Architecture = "aarch64";
        Edit(6, n => n with { Description = arm });
        var spec = Spec("a");
        spec.Task.Reservations = new Resources { MemoryBytes = 400 };
        spec.Task.Placement = new Protocol.V1.Placement
        {
            Constraints = { "node.labels.zone!=" + "x", "node.labels.ok==yes" },
            Platforms = { new Platform { Os = "linux", Architecture = "amd64" } },
        };
        Assert.Empty(Place(spec, 1));
        Assert.Equal(
            "no suitable node (scheduling constraints not satisfied on 3 nodes; 2 nodes not available for new tasks; "
            + "insufficient resources on 1 node; unsupported platform on 1 node)",
            _why);
    }

    [Fact]
    public void A_host_port_is_bound_once_a_node_and_a_free_one_is_chosen()
    {
        Nodes(2);
        var spec = Spec("a");
        spec.Endpoint = new EndpointSpec { Ports = { HostPort(8080), HostPort(0) } };
        Assert.Equal(2, Place(spec, 3).Count());
        Assert.Equal("no suitable node (host-mode port already in use on 2 nodes)", _why);
        Assert.All(_state.Tasks.Values.Where(t => !t.NodeId.IsNone), t => Assert.Equal(
            [8080U, 30000U], t.HostPorts.Select(p => p.PublishedPort)));
    }

    [Fact]
    public void No_more_replicas_on_a_node_than_allowed()
    {
        Nodes(2);
        var spec = Spec("a");
        spec.Task.Placement = new Protocol.V1.Placement { MaxReplicasPerNode = 2 };
        Assert.Equal([2, 2], Place(spec, 5).Select(g => g.Count()));
        Assert.Equal("no suitable node (max replicas per node limit exceed on 2 nodes)", _why);
    }

    [Fact]
    public void Tasks_spread_over_zones_whatever_their_size()
    {
        Nodes(6);
        for (var i = 0; i < 6; i++)
        {
            var zone = i == 0 ? "a" : i < 3 ? "b" : "c";
            Edit(i, n => n with { Spec = new NodeSpec { Labels = { ["zone"] = zone } } });
        }

        var spec = Spec("a");
        spec.Task.Placement = new Protocol.V1.Placement { Preferences = { "spread=node.labels.zone" } };
        var zones = Place(spec, 12).GroupBy(g => _state.Nodes[g.Key].Spec.Labels["zone"]);
        Assert.All(zones, z => Assert.Equal(4, z.Sum(g => g.Count())));
    }

    /// <summary>More nodes are empty than tasks are to be placed, and none fits: what the others have counts.</summary>
    [Theory]
    [InlineData("a")]
    [InlineData("c")]
    [InlineData("d")]
    [InlineData("e")]
    [InlineData("f")]
    public void Where_the_empty_nodes_do_not_fit_those_with_fewest_of_the_service_come_first(string name)
    {
        Nodes(7);
        for (var i = 3; i < 7; i++)
        {
            Edit(i, n => n with { State = NodeStatus.Types.State.Down });
        }

        var spec = Spec(name);
        spec.Task.Reservations = new Resources { MemoryBytes = 150 };
        Place(spec, 2);
        var service = _state.Services.Values.Single();
        Place(Spec("b"), 4);
        for (var i = 3; i < 7; i++)
        {
            Edit(i, n => n with
            {
                State = NodeStatus.Types.State.Ready,
                Description = new NodeDescription { Resources = new Resources { MemoryBytes = 1 } },
            });
        }

        var result = new PlacementRound(_state, Now).Place(new PlacementGroup(
            service.Id, service.Spec, service.SpecVersion, [NewTask(service, new TaskId("x"), 5)]));
        var places = _state.TasksOf(service.Id).Select(t => t.NodeId).Concat(result.Placements.Select(p => p.Node));
        Assert.Equal(["n0", "n1", "n2"], places.Select(n => n.Value).Order());
    }

    [Fact]
    public void A_node_where_the_service_keeps_failing_comes_last()
    {
        Nodes(2);
        Place(Spec("a"), 1);
        var bad = _state.Tasks.Values.Single().NodeId;
        var service = _state.Services.Values.Single();
        for (var i = 0; i < PlacementRound.FaultyAfterFailures; i++)
        {
            var id = new TaskId($"failed{i}");
            Do(
                new StoreAction.CreateTask(NewTask(service, id, 1) with
                {
                    NodeId = bad,
                    Status = new TaskStatusRecord { State = TaskState.Assigned, At = default },
                }),
                new StoreAction.ReportTaskStatus(id, new TaskStatusRecord { State = TaskState.Failed, At = Now }));
        }

        var group = new PlacementGroup(service.Id, service.Spec, service.SpecVersion, [
            NewTask(service, new TaskId("x"), 5), NewTask(service, new TaskId("y"), 6),
            NewTask(service, new TaskId("z"), 7)]);
        var result = new PlacementRound(_state, Now).Place(group);
        Assert.All(result.Placements, p => Assert.NotEqual(bad, p.Node));
        var later = new PlacementRound(_state, Now.AddMinutes(6)).Place(group);
        Assert.Contains(later.Placements, p => p.Node == bad);
    }

    private string _why = "";

    private IEnumerable<IGrouping<NodeId, TaskRecord>> Place(ServiceSpec spec, int count)
    {
        var id = new ServiceId("s" + spec.Name);
        Do(new StoreAction.CreateService(id, spec));
        var service = _state.Services[id];
        var tasks = Enumerable.Range(1, count)
            .Select(i => NewTask(service, new TaskId($"t{_ids++}"), (ulong)i)).ToList();
        Do([.. tasks.Select(t => new StoreAction.CreateTask(t))]);
        var round = new PlacementRound(_state, Now);
        var group = new PlacementGroup(id, spec, service.SpecVersion, tasks);
        var result = round.Place(group);
        Assert.Equal(count, result.Placements.Length + result.Unplaced.Length);
        _why = round.Explain(group, result).Select(r => r.Explanation).Distinct().SingleOrDefault() ?? "";
        Do([.. result.Placements.Select(p => new StoreAction.AssignTask(p.Task, 0, p.Node, p.HostPorts))]);
        return _state.TasksOf(id).Where(t => !t.NodeId.IsNone).GroupBy(t => t.NodeId);
    }

    private static TaskRecord NewTask(ServiceRecord service, TaskId id, ulong slot) => new()
    {
        Id = id,
        ServiceId = service.Id,
        SpecVersion = service.SpecVersion,
        Slot = slot,
        DesiredState = TaskState.Running,
        CreatedAt = default,
        Status = new TaskStatusRecord { State = TaskState.Pending, At = default },
    };

    private void Do(params StoreAction[] actions)
    {
        var result = _state.Apply(new StoreEntry(Now, [.. actions]), _state.LastIndex + 1);
        Assert.All(result.Outcomes, o => Assert.True(o.IsApplied, o.Message));
        _state = result.State;
    }

    private void Nodes(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Do(new StoreAction.CreateNode(new NodeRecord
            {
                Id = new NodeId($"n{i}"),
                CreatedAt = default,
                Spec = new NodeSpec { Labels = { ["ok"] = "yes" } },
                Role = NodeRole.Worker,
                State = NodeStatus.Types.State.Ready,
                Description = Description(1000),
            }));
        }
    }

    private void Edit(int index, Func<NodeRecord, NodeRecord> edit)
    {
        var node = edit(_state.Nodes[new NodeId($"n{index}")]);
        Do(
            new StoreAction.UpdateNodeSpec(node.Id, 0, node.Spec),
            new StoreAction.SetNodeDescription(node.Id, node.Description!),
            new StoreAction.SetNodeStatus(node.Id, node.State, "", ""));
    }

    private static NodeDescription Description(long memory) => new()
    {
        Platform = new Platform { Os = "linux", Architecture = "x86_64" },
        Resources = new Resources { NanoCpus = 1_000_000_000, MemoryBytes = memory },
    };

    private static PortConfig HostPort(uint published) => new()
    {
        TargetPort = 80,
        PublishedPort = published,
        PublishMode = PortConfig.Types.PublishMode.Host,
    };

    private static ServiceSpec Spec(string name) => new()
    {
        Name = name,
        Task = new TaskSpec { Container = new ContainerSpec { Image = "web:1" } },
        Replicated = new ReplicatedMode { Replicas = 1 },
    };
}
