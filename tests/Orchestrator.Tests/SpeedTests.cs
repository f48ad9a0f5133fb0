using System.Diagnostics;
using System.Globalization;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Scheduler;
using Swarm.Store;
using Xunit.Abstractions;

namespace Swarm.Orchestrator.Tests;

/// <summary>Prints how long things take; asserts only what came out.</summary>
public sealed class SpeedTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1_000, 10_000, 0)]
    [InlineData(1_000, 10_000, 3)]
    [InlineData(5_000, 50_000, 0)]
    public void Placement_from_scratch(int nodes, int tasks, int levels)
    {
        var state = Cluster(nodes);
        var spec = World.Spec("web", (ulong)tasks);
        spec.Task.Placement = new Protocol.V1.Placement();
        for (var level = 0; level < levels; level++)
        {
            spec.Task.Placement.Preferences.Add($"spread=node.labels.l{level}");
        }

        for (var run = 0; run < 4; run++)
        {
            Place(state, spec, tasks, $"{nodes} nodes, {tasks} tasks, {levels} levels");
        }
    }

    [Fact]
    public void The_whole_plan_and_a_quiet_cluster()
    {
        var state = Cluster(1_000);
        var now = DateTimeOffset.UnixEpoch;
        state = state.Apply(
            StoreEntry.Of(now, new StoreAction.CreateService(new ServiceId("s"), World.Spec("web", 10_000))),
            state.LastIndex + 1).State;
        var ids = 0;
        TaskId Id() => new((ids++).ToString("d25", CultureInfo.InvariantCulture));
        for (var run = 0; run < 4; run++)
        {
            var planner = new Planner();
            var watch = Stopwatch.StartNew();
            var plan = planner.Plan(state, now, Id);
            var planned = watch.Elapsed;
            var bytes = EntryCodec.Encode(new StoreEntry(now, plan.Actions) { PlannedOn = plan.PlannedOn });
            var encoded = watch.Elapsed;
            var entry = EntryCodec.Decode(bytes);
            var decoded = watch.Elapsed;
            var next = state.Apply(entry, state.LastIndex + 1).State;
            var applied = watch.Elapsed;
            var more = planner.Plan(next, now, Id);
            var second = watch.Elapsed;
            planner.Plan(next, now, Id);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{plan.Actions.Length} actions, {bytes.Length} bytes: plan {planned.TotalMilliseconds:f1} ms, "
                + $"encode {(encoded - planned).TotalMilliseconds:f1}, "
                + $"decode {(decoded - encoded).TotalMilliseconds:f1}, "
                + $"apply {(applied - decoded).TotalMilliseconds:f1}, next plan ({more.Actions.Length} actions) "
                + $"{(second - applied).TotalMilliseconds:f1}, quiet {(watch.Elapsed - second).TotalMilliseconds:f2}"));
            Assert.InRange(bytes.Length, 1, 1 << 20);
        }
    }

    private void Place(ClusterState state, ServiceSpec spec, int count, string what)
    {
        var now = DateTimeOffset.UnixEpoch;
        state = state.Apply(
            StoreEntry.Of(now, new StoreAction.CreateService(new ServiceId("s"), spec)), state.LastIndex + 1).State;
        state = state.Apply(
            new StoreEntry(now, [.. Enumerable.Range(1, count).Select(
                i => new StoreAction.CreateTask(Task(state, i)))]),
            state.LastIndex + 1).State;
        var watch = Stopwatch.StartNew();
        var tasks = state.TasksOf(new ServiceId("s")).ToList();
        var result = new PlacementRound(state, now).Place(
            new PlacementGroup(new ServiceId("s"), spec, state.LastIndex - 1, tasks));
        var placed = watch.Elapsed;
        state = state.Apply(
            new StoreEntry(now, [.. result.Placements.Select(
                p => new StoreAction.AssignTask(p.Task, 0, p.Node, p.HostPorts))]),
            state.LastIndex + 1).State;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: placed in {placed.TotalMilliseconds:f1} ms, "
            + $"in the store after {watch.Elapsed.TotalMilliseconds:f1}"));
        Assert.Equal(count, result.Placements.Length);
        Assert.InRange(state.Nodes.Keys.Max(n => state.UsageOf(n).ActiveTasks), 1, (count / state.Nodes.Count) + 1);
    }

    private static TaskRecord Task(ClusterState state, int slot) => new()
    {
        Id = new TaskId(slot.ToString("d25", CultureInfo.InvariantCulture)),
        ServiceId = new ServiceId("s"),
        SpecVersion = state.LastIndex,
        Slot = (ulong)slot,
        DesiredState = TaskState.Running,
        CreatedAt = default,
        Status = new TaskStatusRecord { State = TaskState.Pending, At = default },
    };

    private static ClusterState Cluster(int nodes)
    {
        var actions = Enumerable.Range(0, nodes).Select(i => (StoreAction)new StoreAction.CreateNode(new NodeRecord
        {
            Id = new NodeId(i.ToString("d25", CultureInfo.InvariantCulture)),
            CreatedAt = default,
            Spec = new NodeSpec { Labels = { ["l0"] = $"{i % 4}", ["l1"] = $"{i % 8}", ["l2"] = $"{i % 16}" } },
            Role = NodeRole.Worker,
            State = NodeStatus.Types.State.Ready,
            Description = new NodeDescription
            {
                Hostname = $"n{i}",
                Resources = new Resources { NanoCpus = 64_000_000_000, MemoryBytes = 256L << 30 },
            },
        }));
        var cluster = new StoreAction.SetCluster(new ClusterRecord
        {
            Id = new ClusterId("c"),
            CreatedAt = default,
            Spec = new ClusterSpec { AddressPool = "10.0.0.0/8", NodeSubnetBits = 24 },
            RootCertificatePem = "",
            RootKeyPem = "",
            WorkerTokenSecret = [],
            ManagerTokenSecret = [],
        });
        return ClusterState.Empty.Apply(new StoreEntry(default, [cluster, .. actions]), 1).State;
    }
}
