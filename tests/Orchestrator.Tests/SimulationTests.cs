using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Orchestrator.Tests;

/// <summary>Random clusters, specs and faults; safety after each entry, then calm and convergence.</summary>
public sealed class SimulationTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Chaos_ends_as_the_specs_say(int seed)
    {
        var dice = new Random(seed);
        var world = new World(seed) { Pace = dice.Next(40, 101), Checker = Invariants.Check };
        var nodes = new List<NodeId>();
        for (var i = 0; i < dice.Next(2, 7); i++)
        {
            nodes.Add(world.AddNode($"n{i}", spec: s => s.Labels["zone"] = $"z{dice.Next(2)}"));
        }

        world.Crash = (_, s) => s.Task.Container.Image == "crash" && dice.Next(20) == 0 ? dice.Next(2) : null;
        world.Unpullable = s => s.Task.Container.Image == "bad";
        for (var i = 0; i < 120; i++)
        {
            Disturb(world, dice, nodes, i);
            world.Run(dice.Next(1, 20) / 10.0);
        }

        Calm(world, nodes);
        world.Run(150, 0.5);
        Converged(world);
        var copy = SnapshotCodec.Decode(SnapshotCodec.Encode(world.State));
        Assert.Equal(world.State.Hash128, copy.Hash128);
        Invariants.Check(copy, copy);
    }

    private static void Disturb(World world, Random dice, List<NodeId> nodes, int step)
    {
        var services = world.State.Services.Values.Where(s => !s.Removing).OrderBy(s => s.Id).ToList();
        var service = services.Count == 0 ? null : services[dice.Next(services.Count)];
        var node = nodes[dice.Next(nodes.Count)];
        switch (dice.Next(12))
        {
            case 0 or 1 when services.Count < 6:
                world.Do(new StoreAction.CreateService(new ServiceId($"s{step}"), RandomSpec(dice, $"web{step}")));
                break;
            case 2 or 3 or 4 when service is not null:
                var spec = service.Spec.Clone();
                Edit(spec, dice);
                world.Do(new StoreAction.UpdateServiceSpec(service.Id, service.Version, spec));
                break;
            case 5 when service is not null && dice.Next(3) == 0:
                world.Do(new StoreAction.RemoveService(service.Id));
                break;
            case 6 when service is not null:
                world.Do(new StoreAction.RollBackService(service.Id, 0, "manually requested rollback"));
                break;
            case 7:
                world.SetNode(node, dice.Next(3) switch
                {
                    0 => NodeStatus.Types.State.Down,
                    1 => NodeStatus.Types.State.Disconnected,
                    _ => NodeStatus.Types.State.Ready,
                });
                break;
            case 8:
                world.SetAvailability(node, (NodeSpec.Types.Availability)dice.Next(1, 4));
                break;
            case 9:
                var labels = world.State.Nodes[node].Spec.Clone();
                labels.Labels["zone"] = $"z{dice.Next(2)}";
                world.Do(new StoreAction.UpdateNodeSpec(node, 0, labels));
                break;
            case 10:
                world.NewLeader();
                break;
            default:
                var running = world.State.Tasks.Values.Where(t => t.Status.State == TaskState.Running).ToList();
                if (running.Count > 0)
                {
                    world.Report(running[dice.Next(running.Count)].Id, TaskState.Failed, 1);
                }

                break;
        }
    }

    private static ServiceSpec RandomSpec(Random dice, string name)
    {
        var spec = dice.Next(4) == 0 ? World.Global(name) : World.Spec(name, (ulong)dice.Next(0, 8));
        spec.Update = RandomPolicy(dice);
        spec.Rollback = RandomPolicy(dice);
        spec.Task.Restart = new RestartPolicy { DelayNs = dice.Next(3) * 1_000_000_000L };
        if (dice.Next(3) == 0)
        {
            spec.Task.Reservations = new Resources { MemoryBytes = dice.Next(1, 3) * (1L << 29) };
        }

        if (dice.Next(4) == 0)
        {
            spec.Endpoint = new EndpointSpec
            {
                Ports =
                {
                    new PortConfig
                    {
                        TargetPort = 80,
                        PublishedPort = dice.Next(2) == 0 ? 0 : (uint)dice.Next(8080, 8084),
                        PublishMode = (PortConfig.Types.PublishMode)dice.Next(1, 3),
                    },
                },
            };
        }

        return spec;
    }

    private static UpdatePolicy RandomPolicy(Random dice) => new()
    {
        Parallelism = (ulong)dice.Next(0, 4),
        DelayNs = dice.Next(3) * 500_000_000L,
        MonitorNs = dice.Next(3) * 1_000_000_000L,
        FailureAction = (UpdatePolicy.Types.FailureAction)dice.Next(1, 4),
        Order = (UpdatePolicy.Types.Order)dice.Next(1, 3),
    };

    private static void Edit(ServiceSpec spec, Random dice)
    {
        switch (dice.Next(6))
        {
            case 0 when spec.Replicated is not null:
                spec.Replicated.Replicas = (ulong)dice.Next(0, 8);
                break;
            case 1:
                spec.Labels["a"] = $"{dice.Next(100)}";
                break;
            case 2:
                spec.Task.Placement = new Placement { Constraints = { $"node.labels.zone==z{dice.Next(2)}" } };
                break;
            case 3:
                spec.Task.Placement = null;
                break;
            default:
                spec.Task.Container.Image = dice.Next(4) switch
                {
                    0 => "bad",
                    1 => "crash",
                    _ => $"web:{dice.Next(5)}",
                };
                break;
        }
    }

    private static void Calm(World world, List<NodeId> nodes)
    {
        world.Crash = (_, _) => null;
        world.Unpullable = _ => false;
        foreach (var node in nodes)
        {
            world.SetNode(node, NodeStatus.Types.State.Ready);
            world.SetAvailability(node, NodeSpec.Types.Availability.Active);
        }

        // A user looks after every paused update: the same spec again means go on.
        foreach (var service in world.State.Services.Values.Where(s => s.Update is { IsPaused: true }))
        {
            world.Do(new StoreAction.UpdateServiceSpec(service.Id, 0, service.Spec.Clone()));
        }
    }

    private static void Converged(World world)
    {
        foreach (var service in world.State.Services.Values)
        {
            Assert.False(service.Removing, $"{service.Id} is still being removed");
            var waiting = world.Tasks(service.Id).FindAll(t => t.IsLive && t.Status.State < TaskState.Assigned);
            Assert.All(waiting, t => Assert.StartsWith("no suitable node (", t.Status.Error));
            Assert.False(
                service.Update is { IsRunning: true } && waiting.Count == 0,
                $"{service.Update} {service.Spec.Update} {string.Join('\n', world.Tasks(service.Id))}");
            var rules = Scheduler.PlacementRules.Of(service.Spec);
            var wanted = service.IsGlobal
                ? world.State.Nodes.Values.Count(n => n.IsSchedulable && rules.Admits(n))
                : (int)service.Spec.Replicas();
            Assert.Equal(wanted, world.Running(service.Id).Concat(waiting).Select(t => t.Key).Distinct().Count());
            Assert.Equal(
                world.Running(service.Id).Count,
                world.Tasks(service.Id).Count(t => t.Status.State == TaskState.Running));
            if (service.Update is not ({ IsPaused: true } or { IsRunning: true }))
            {
                Assert.All(world.Running(service.Id), t => Assert.Equal(
                    service.Spec.Task.Container.Image, world.State.SpecOf(t).Task.Container.Image));
            }

            foreach (var (_, tasks) in world.State.SlotsOf(service.Id))
            {
                Assert.True(tasks.Length <= 6, "I10: history is not reaped");
            }
        }
    }
}
