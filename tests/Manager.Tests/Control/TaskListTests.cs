using FsCheck;
using FsCheck.Fluent;
using Swarm.Manager.Control;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests.Control;

/// <summary>Pages of tasks against all of them sorted, with slots close together, far apart and crowded.</summary>
public sealed class TaskListTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Pages_together_are_what_all_tasks_sorted_are() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var dice = new Random(seed);
            var state = State(dice);
            var request = new ListTasksRequest { Page = new Page { Size = (uint)dice.Next(1, 12) } };
            if (dice.Next(3) == 0)
            {
                request.NodeRefs.Add("node-a");
            }

            if (dice.Next(3) == 0)
            {
                request.ServiceRefs.Add("service-0");
            }

            Assert.Equal(Sorted(state, request), Pages(state, request));
        }).QuickCheckThrowOnFailure();

    private static IEnumerable<string> Sorted(ClusterState state, ListTasksRequest request) =>
        state.Tasks.Values
            .Where(t => request.NodeRefs.Count == 0 || t.NodeId.Value == "node-a")
            .Where(t => request.ServiceRefs.Count == 0 || t.ServiceId.Value == "service-0")
            .OrderBy(t => t.ServiceId.Value, StringComparer.Ordinal).ThenBy(t => t.Slot)
            .ThenBy(t => t.Slot == 0 ? t.NodeId.Value : "", StringComparer.Ordinal)
            .ThenByDescending(t => t.CreatedAt).ThenBy(t => t.Id.Value, StringComparer.Ordinal).Select(t => t.Id.Value);

    private static List<string> Pages(ClusterState state, ListTasksRequest request)
    {
        var seen = new List<string>();
        do
        {
            var answer = new TaskList(state, request, default).Answer();
            Assert.InRange(answer.Tasks.Count, 0, (int)request.Page.Size);
            seen.AddRange(answer.Tasks.Select(t => t.Id));
            request.Page.Token = answer.NextPageToken;
        }
        while (request.Page.Token.Length > 0);
        return seen;
    }

    private static ClusterState State(Random dice)
    {
        var actions = new List<StoreAction> { Node("node-a"), Node("node-b") };
        for (var s = 0; s < 3; s++)
        {
            var isGlobal = s == 2;
            actions.Add(new StoreAction.CreateService(new ServiceId($"service-{s}"), Spec($"service-{s}", isGlobal)));
            var slot = 0UL;
            for (var n = dice.Next(0, 30); n > 0; n--)
            {
                slot += (ulong)(dice.Next(8) == 0 ? dice.Next(1, 3_000) : 1);
                for (var history = dice.Next(1, 4); history > 0; history--)
                {
                    actions.Add(Task(dice, $"service-{s}", isGlobal ? 0 : slot));
                }
            }
        }

        return ClusterState.Empty.Apply(new StoreEntry(Start, [.. actions]), 1).State;
    }

    private static StoreAction.CreateTask Task(Random dice, string service, ulong slot) => new(new TaskRecord
    {
        Id = new TaskId(new string([.. Enumerable.Range(0, 12).Select(_ => (char)('a' + dice.Next(26)))])),
        ServiceId = new ServiceId(service),
        SpecVersion = 1,
        Slot = slot,
        NodeId = new NodeId(dice.Next(2) == 0 ? "node-a" : "node-b"),
        DesiredState = TaskState.Shutdown,
        CreatedAt = Start.AddSeconds(dice.Next(5)),
        Status = new TaskStatusRecord { State = TaskState.Failed, At = Start },
    });

    private static StoreAction.CreateNode Node(string id) => new(new NodeRecord
    {
        Id = new NodeId(id),
        CreatedAt = Start,
        Spec = new NodeSpec(),
        Role = NodeRole.Worker,
        State = NodeStatus.Types.State.Ready,
        Description = new NodeDescription { Hostname = id },
    });

    private static ServiceSpec Spec(string name, bool isGlobal)
    {
        var container = new ContainerSpec { Image = "web:1" };
        var spec = new ServiceSpec { Name = name, Task = new TaskSpec { Container = container } };
        if (isGlobal)
        {
            spec.Global = new GlobalMode();
        }
        else
        {
            spec.Replicated = new ReplicatedMode { Replicas = 1 };
        }

        return spec;
    }
}
