using FsCheck;
using FsCheck.Fluent;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Scheduler.Tests;

/// <summary>The order in which nodes take tasks, against a look at all of them for each task.</summary>
public sealed class KnownNodesTests
{
    private const long MemoryATask = 10;

    [Fact]
    public void The_best_node_that_has_room_takes_each_task() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(300),
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var dice = new Random(seed);
            var nodes = Enumerable.Range(0, dice.Next(1, 500)).Select(i => Node(i, dice)).ToList();
            var tasks = dice.Next(1, 3 * nodes.Count);
            var spec = new ServiceSpec
            {
                Task = new TaskSpec { Reservations = new Resources { MemoryBytes = MemoryATask } },
            };
            var asks = new GroupAsks(
                new PlacementGroup(new ServiceId("s"), spec, 1, new TaskRecord[tasks]), static _ => false);
            var model = nodes.Select(n => (Node: n, n.Failures, n.Slots, n.Total)).ToList();
            var known = new KnownNodes(nodes, asks.Service, tasks);
            for (var i = 0; i < tasks; i++)
            {
                var open = model.FindAll(n => Room(n.Node) >= MemoryATask);
                var taken = known.Take(asks);
                Assert.Equal(open.Count == 0, taken is null);
                if (taken is null)
                {
                    break;
                }

                var chosen = open.Single(n => ReferenceEquals(n.Node, taken));
                Assert.All(open, n => Assert.True(Key(n).CompareTo(Key(chosen)) >= 0));
                model = nodes.ConvertAll(n => (Node: n, n.Failures, n.Slots, n.Total));
            }

            (int, int, int, uint) Key((Candidate Node, int Failures, int Slots, int Total) n) => (
                n.Failures >= PlacementRound.FaultyAfterFailures ? n.Failures : 0, n.Slots, n.Total,
                StableHash.Combine(asks.Service, StableHash.Of(n.Node.Node.Id.Value)) >> 12);
        }));

    private long Room(Candidate node) =>
        node.Node.Description!.Resources.MemoryBytes - (MemoryATask * (node.Slots - _slots[node]));

    private readonly Dictionary<Candidate, int> _slots = [];

    private Candidate Node(int i, Random dice)
    {
        var record = new NodeRecord
        {
            Id = new NodeId($"n{i}"),
            CreatedAt = default,
            Spec = new NodeSpec(),
            Role = NodeRole.Worker,
            State = NodeStatus.Types.State.Ready,
            Description = new NodeDescription
            {
                Resources = new Resources { MemoryBytes = MemoryATask * dice.Next(6) },
            },
        };
        var slots = dice.Next(1, 4);
        var node = new Candidate(record, new NodeUsage(0, 0, slots + dice.Next(5), []), i)
        {
            Slots = slots,
            Failures = dice.Next(8),
        };
        _slots[node] = slots;
        return node;
    }
}
