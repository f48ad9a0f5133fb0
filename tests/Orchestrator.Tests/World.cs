using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Orchestrator.Tests;

/// <summary>A cluster under virtual time: the planner, the store, and workers that do what they are told.</summary>
internal sealed class World
{
    private readonly Random _dice;
    private int _ids;
    private Planner _planner = new();

    internal World(int seed = 1) => _dice = new Random(seed);

    internal ClusterState State { get; private set; } = ClusterState.Empty;

    internal DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    internal DateTimeOffset? WakeAt { get; private set; }

    /// <summary>Called after each entry.</summary>
    internal Action<ClusterState, ClusterState>? Checker { get; set; }

    /// <summary>Whether a container of this spec ends at once; the exit code then.</summary>
    internal Func<TaskRecord, ServiceSpec, int?> Crash { get; set; } = (_, _) => null;

    /// <summary>Whether an image cannot be prepared.</summary>
    internal Func<ServiceSpec, bool> Unpullable { get; set; } = _ => false;

    /// <summary>Chance in percent that a worker does the next step of a task in a round.</summary>
    internal int Pace { get; set; } = 100;

    internal TaskId NewTaskId() => new($"t{_ids++:d6}");

    /// <summary>Tasks that the planner looked at so far.</summary>
    internal long Looks => _planner.Looks;

    internal void NewLeader() => _planner = new Planner();

    internal ImmutableArray<ActionOutcome> Do(params StoreAction[] actions) => Do(new StoreEntry(Now, [.. actions]));

    private ImmutableArray<ActionOutcome> Do(StoreEntry entry)
    {
        var before = State;
        var bytes = EntryCodec.Encode(entry);
        var result = State.Apply(EntryCodec.Decode(bytes), State.LastIndex + 1);
        State = result.State;
        Checker?.Invoke(before, State);
        return result.Outcomes;
    }

    internal void MustDo(params StoreAction[] actions) =>
        Assert.All(Do(actions), o => Assert.True(o.IsApplied, o.Message));

    internal NodeId AddNode(string name, Action<NodeDescription>? edit = null, Action<NodeSpec>? spec = null)
    {
        var description = new NodeDescription
        {
            Hostname = name,
            Platform = new Platform { Os = "linux", Architecture = "x86_64" },
            Resources = new Resources { NanoCpus = 4_000_000_000, MemoryBytes = 8L << 30 },
        };
        edit?.Invoke(description);
        var nodeSpec = new NodeSpec();
        spec?.Invoke(nodeSpec);
        var id = new NodeId("node-" + name);
        MustDo(
            new StoreAction.CreateNode(new NodeRecord
            {
                Id = id,
                CreatedAt = default,
                Spec = nodeSpec,
                Role = NodeRole.Worker,
            }),
            new StoreAction.SetNodeDescription(id, description),
            new StoreAction.SetNodeStatus(id, NodeStatus.Types.State.Ready, "", "10.0.0.1"));
        return id;
    }

    internal void SetNode(NodeId id, NodeStatus.Types.State state) =>
        MustDo(new StoreAction.SetNodeStatus(id, state, "", ""));

    internal void SetAvailability(NodeId id, NodeSpec.Types.Availability availability)
    {
        var spec = State.Nodes[id].Spec.Clone();
        spec.Availability = availability;
        MustDo(new StoreAction.UpdateNodeSpec(id, State.Nodes[id].Version, spec));
    }

    internal ServiceRecord Service(string name) => State.FindService(name)!;

    internal ServiceId Create(ServiceSpec spec)
    {
        var id = new ServiceId("s" + spec.Name);
        MustDo(new StoreAction.CreateService(id, spec));
        return id;
    }

    internal void Update(ServiceId id, Action<ServiceSpec> edit)
    {
        var service = State.Services[id];
        var spec = service.Spec.Clone();
        edit(spec);
        MustDo(new StoreAction.UpdateServiceSpec(id, service.Version, spec));
    }

    /// <summary>One plan and its entry; then planning again must find nothing to do.</summary>
    internal Plan Plan()
    {
        var plan = _planner.Plan(State, Now, NewTaskId);
        WakeAt = plan.WakeAt;
        Assert.True(plan.WakeAt is null || plan.WakeAt > Now, "a wake-up in the past is a busy loop");
        if (!plan.IsEmpty)
        {
            Assert.All(
                Do(new StoreEntry(Now, plan.Actions) { PlannedOn = plan.PlannedOn }),
                o => Assert.True(o.IsApplied, o.Message));
            var again = new Planner().Plan(State, Now, NewTaskId);
            Assert.True(again.IsEmpty || plan.MoreToDo, "not idempotent: " + string.Join('\n', again.Actions.Take(3)));
        }

        return plan;
    }

    /// <summary>Plan, let the workers do a step, pass some time.</summary>
    internal void Step(double seconds = 0.1)
    {
        Plan();
        Work();
        Now = Now.AddSeconds(seconds);
    }

    internal void Run(double seconds, double step = 0.1)
    {
        for (var end = Now.AddSeconds(seconds); Now < end;)
        {
            Step(step);
        }
    }

    /// <summary>Every reachable worker moves its tasks one step on.</summary>
    internal void Work()
    {
        var reports = new List<StoreAction>();
        foreach (var task in State.Tasks.Values.OrderBy(t => t.Id))
        {
            if (State.Nodes.Get(task.NodeId) is { State: NodeStatus.Types.State.Ready }
                && _dice.Next(100) < Pace && Next(task) is { } status)
            {
                reports.Add(new StoreAction.ReportTaskStatus(task.Id, status with { At = Now }));
            }
        }

        if (reports.Count > 0)
        {
            Do([.. reports]);
        }
    }

    internal void Report(TaskId id, TaskState state, int? exitCode = null) => MustDo(
        new StoreAction.ReportTaskStatus(id, new TaskStatusRecord { State = state, At = Now, ExitCode = exitCode }));

    private TaskStatusRecord? Next(TaskRecord task)
    {
        var (state, desired, spec) = (task.Status.State, task.DesiredState, State.SpecOf(task));
        if (state is < TaskState.Assigned or > TaskState.Running)
        {
            return null;
        }

        if (!desired.IsWanted())
        {
            return new TaskStatusRecord { State = TaskState.Shutdown, At = Now };
        }

        return state switch
        {
            TaskState.Assigned => new() { State = TaskState.Preparing, At = Now },
            TaskState.Preparing when Unpullable(spec) => new() { State = TaskState.Rejected, Error = "no", At = Now },
            TaskState.Preparing => new() { State = TaskState.Ready, At = Now },
            TaskState.Ready when desired >= TaskState.Running => new() { State = TaskState.Running, At = Now },
            TaskState.Running when Crash(task, spec) is { } code => new()
            {
                State = code == 0 ? TaskState.Complete : TaskState.Failed,
                ExitCode = code,
                Error = code == 0 ? "" : $"task: non-zero exit ({code})",
                At = Now,
            },
            _ => null,
        };
    }

    internal List<TaskRecord> Tasks(ServiceId id) =>
        [.. State.TasksOf(id).OrderBy(t => t.Slot).ThenBy(t => t.NodeId).ThenBy(t => t.CreatedAt)];

    internal List<TaskRecord> Running(ServiceId id) => Tasks(id).FindAll(
        t => t is { DesiredState: TaskState.Running, Status.State: TaskState.Running });

    internal static ServiceSpec Spec(string name, ulong replicas, string image = "web:1") => new()
    {
        Name = name,
        Task = new TaskSpec { Container = new ContainerSpec { Image = image } },
        Replicated = new ReplicatedMode { Replicas = replicas },
    };

    internal static ServiceSpec Global(string name, string image = "web:1") => new()
    {
        Name = name,
        Task = new TaskSpec { Container = new ContainerSpec { Image = image } },
        Global = new GlobalMode(),
    };
}
