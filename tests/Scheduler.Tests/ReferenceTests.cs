using FsCheck;
using FsCheck.Fluent;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Scheduler.Tests;

/// <summary>
/// One scheduler that goes from state to state, against a look at every node for every task: whatever it leaves out
/// of sight must not have been better.
/// </summary>
public sealed class ReferenceTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Each_task_goes_where_a_look_at_every_node_would_put_it() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(150),
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var world = new RandomCluster(seed);
            for (var step = 0; step < 25; step++)
            {
                world.Disturb();
                world.PlaceAndCheck();
            }
        }));

    /// <summary>Random nodes and services; every placement is held against all nodes.</summary>
    private sealed class RandomCluster(int seed)
    {
        private readonly Random _dice = new(seed);
        private readonly PlacementRound _round = new();
        private ClusterState _followed = ClusterState.Empty;
        private ClusterState _state = ClusterState.Empty;
        private int _ids;

        internal void Disturb()
        {
            var nodes = _state.Nodes.Values.OrderBy(n => n.Id).ToList();
            if (nodes.Count < 3 || _dice.Next(4) == 0)
            {
                Do(new StoreAction.CreateNode(Node()));
            }

            foreach (var node in nodes.Where(_ => _dice.Next(12) == 0))
            {
                Do(_dice.Next(3) switch
                {
                    0 => new StoreAction.UpdateNodeSpec(node.Id, 0, Spec()),
                    1 => new StoreAction.SetNodeStatus(
                        node.Id, (NodeStatus.Types.State)_dice.Next(1, 4), "", ""),
                    _ => new StoreAction.RemoveNode(node.Id),
                });
            }

            var placed = _state.Tasks.Values.Where(t => t.Status.State == TaskState.Assigned).OrderBy(t => t.Id);
            Do([.. placed.Where(_ => _dice.Next(5) == 0).Select(t => new StoreAction.ReportTaskStatus(
                t.Id, new TaskStatusRecord { State = Ends[_dice.Next(Ends.Length)], At = Now }))]);
            if (_state.Services.Count < 4)
            {
                Do(new StoreAction.CreateService(new ServiceId($"s{_ids++}"), Service()));
            }

            foreach (var service in _state.Services.Values.Where(_ => _dice.Next(2) == 0).OrderBy(s => s.Id))
            {
                Do([.. Enumerable.Range(0, _dice.Next(8)).Select(_ => new StoreAction.CreateTask(Task(service)))]);
            }
        }

        internal void PlaceAndCheck()
        {
            _round.Follow(StateDelta.Between(_followed, _state), Now);
            _followed = _state;
            var steps = new List<StoreAction>();
            var reference = new Reference(_state, Now);
            foreach (var id in _state.WaitingServices.Keys.Order())
            {
                var service = _state.Services[id];
                var tasks = _state.WaitingOf(id).Keys.Order().Select(t => _state.Tasks[t]).ToList();
                var group = new PlacementGroup(id, service.Spec, service.SpecVersion, tasks);
                var result = _round.Place(group);
                Assert.Equal(tasks.Count, result.Placements.Length + result.Unplaced.Length);
                reference.Check(service, result);
                steps.AddRange(result.Placements.Select(p => new StoreAction.AssignTask(p.Task, 0, p.Node, p.HostPorts)
                {
                    Generic = p.Generic,
                }));
            }

            // What was placed may also come to nothing: then it must count no more.
            if (_dice.Next(4) > 0)
            {
                Do([.. steps]);
            }
        }

        private static readonly TaskState[] Ends = [TaskState.Failed, TaskState.Complete, TaskState.Rejected];

        private void Do(params StoreAction[] actions)
        {
            var result = _state.Apply(new StoreEntry(Now, [.. actions]), _state.LastIndex + 1);
            Assert.All(result.Outcomes, o => Assert.True(o.IsApplied, o.Message));
            _state = result.State;
        }

        private NodeSpec Spec() => new()
        {
            Labels = { ["zone"] = $"z{_dice.Next(3)}", ["row"] = $"r{_dice.Next(2)}" },
            Availability = (NodeSpec.Types.Availability)_dice.Next(0, 4),
        };

        private NodeRecord Node() => new()
        {
            Id = new NodeId($"n{_ids++:d6}"),
            CreatedAt = default,
            Spec = Spec(),
            Role = NodeRole.Worker,
            State = NodeStatus.Types.State.Ready,
            Description = new NodeDescription
            {
                Platform = new Platform { Os = "linux", Architecture = "x86_64" },
                Resources = new Resources
                {
                    MemoryBytes = _dice.Next(1, 6) * 100,
                    Generic = { Generic(_dice.Next(3)) },
                },
            },
        };

        private static GenericResource[] Generic(int kind) => kind switch
        {
            0 => [],
            1 => [new GenericResource { Kind = "gpu", Count = 2 }],
            _ => [new GenericResource { Kind = "gpu", Names = { "a", "b", "c" } }],
        };

        private ServiceSpec Service()
        {
            var spec = new ServiceSpec
            {
                Name = $"web{_ids++}",
                Task = new TaskSpec
                {
                    Container = new ContainerSpec { Image = "web:1" },
                    Placement = new Protocol.V1.Placement { MaxReplicasPerNode = (ulong)_dice.Next(0, 3) },
                    Reservations = new Resources { MemoryBytes = _dice.Next(0, 3) * 50 },
                },
                Replicated = new ReplicatedMode { Replicas = 1 },
            };
            spec.Task.Placement.Constraints.AddRange(_dice.Next(3) == 0 ? ["node.labels.zone!=z0"] : []);
            spec.Task.Placement.Preferences.AddRange(
                _dice.Next(3) == 0 ? ["spread=node.labels.zone", "spread=node.labels.row"] : []);
            spec.Task.Reservations.Generic.AddRange(
                _dice.Next(3) == 0 ? [new GenericResource { Kind = "gpu", Count = _dice.Next(1, 3) }] : []);
            return spec;
        }

        private TaskRecord Task(ServiceRecord service) => new()
        {
            Id = new TaskId($"t{_ids++:d6}"),
            ServiceId = service.Id,
            SpecVersion = service.SpecVersion,
            Slot = (ulong)_ids,
            DesiredState = TaskState.Running,
            CreatedAt = default,
            Status = new TaskStatusRecord { State = TaskState.Pending, At = default },
        };
    }
}
