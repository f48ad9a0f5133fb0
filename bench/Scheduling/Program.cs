using System.Diagnostics;
using System.Globalization;
using Swarm.Bench.Scheduling;
using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Store;

// scheduling [RUNS [NAME]]: from tasks that wait in the store to all of them assigned there, through the planner.
var runs = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 7;
var only = args.Length > 1 ? args[1] : null;
Action<ServiceSpec> plain = _ => { };
Action<ServiceSpec> onSsd = s => s.Task.Placement.Constraints.Add("engine.labels.disk==ssd");
Action<ServiceSpec> inZones = s => s.Task.Placement.Preferences.Add("spread=node.labels.l1");
Action<ServiceSpec> onThreeLevels = s => s.Task.Placement.Preferences.Add(
    ["spread=node.labels.l0", "spread=node.labels.l1", "spread=node.labels.l2"]);
WarmUp();
Measure("10k tasks on 1k nodes", 28, 1_000, [(1, 10_000, plain)]);
Measure("10k tasks on 1k nodes, constraint", 28, 1_000, [(1, 10_000, onSsd)]);
Measure("10k tasks on 1k nodes, spread over 8 zones", 30, 1_000, [(1, 10_000, inZones)]);
Measure("10k tasks on 1k nodes, 3 spread levels", 30, 1_000, [(1, 10_000, onThreeLevels)]);
Measure("1,000 services of 10 on 10k nodes", 60, 10_000, [(1_000, 10, plain)]);
Measure("1,000 services of 10 on 10k nodes, constraint", 60, 10_000, [(1_000, 10, onSsd)]);
Measure("mixed: 10k tasks of 331 services on 1k nodes", null, 1_000,
    [(200, 1, plain), (100, 18, onSsd), (30, 200, inZones), (1, 2_000, Clusters.Reserve)]);
Measure("1k tasks on 1k nodes", null, 1_000, [(1, 1_000, plain)]);
Measure("1k tasks on 100k nodes", null, 100_000, [(1, 1_000, plain)]);
Measure("100k tasks on 1k nodes", null, 1_000, [(1, 100_000, plain)]);
Measure("100k tasks on 10k nodes", 400, 10_000, [(1, 100_000, plain)]);
Measure("100k tasks on 10k nodes, constraint", 400, 10_000, [(1, 100_000, onSsd)]);
Measure("100k tasks on 100k nodes", 500, 100_000, [(1, 100_000, plain)]);
if (only is null or "10 tasks")
{
    Incremental("10 tasks into 100k on 10k nodes", plain);
    Incremental("10 tasks into 100k on 10k nodes, constraint", onSsd);
}

if (only is null or "loop")
{
    Loop.Create(10_000, 100_000);
    Loop.Create(10_000, 100_000);
}

if (only is null or "idle")
{
    Loop.Idle(10_000, 1, 10_000);
    Loop.Idle(10_000, 10, 10_000);
    Loop.Idle(10_000, 100, 10_000);
}

// Until the compiler has settled: a manager that has led for some seconds is there.
void WarmUp()
{
    var before = Clusters.Nodes(200);
    var state = Clusters.WithService(before, 1, 2_000, onThreeLevels);
    state = Clusters.WithService(state, 2, 2_000, onSsd);
    for (var i = 0; i < 40; i++)
    {
        var planner = new Planner();
        planner.Plan(before, Clusters.Now, NoNewTasks);
        Assign(state, planner, out _, out _);
        Thread.Sleep(10);
    }
}

void Measure(
    string what, double? goalMs, int nodes, (int Services, int Tasks, Action<ServiceSpec> Edit)[] load)
{
    if (only is not null && !what.StartsWith(only, StringComparison.Ordinal))
    {
        return;
    }

    var before = Clusters.Nodes(nodes);
    var (state, number) = (before, 0);
    foreach (var (services, tasks, edit) in load)
    {
        for (var i = 0; i < services; i++)
        {
            state = Clusters.WithService(state, number++, tasks, edit);
        }
    }

    Run(what, goalMs, state, load.Sum(l => l.Services * l.Tasks), before);
}

// Ten more tasks for a cluster of 10k nodes that runs 100k.
void Incremental(string what, Action<ServiceSpec> edit)
{
    var state = Assign(
        Clusters.WithService(Clusters.Nodes(10_000), 0, 100_000, _ => { }), new Planner(), out _, out _);
    Run(what, null, Clusters.WithService(state, 1, 10, edit), 10, state);
}

void Run(string what, double? goalMs, ClusterState state, int tasks, ClusterState before)
{
    var times = new List<(double All, double Plan, double Cpu, double Paused)>();
    var bytes = 0L;
    for (var run = 0; run < runs; run++)
    {
        // A planner that has seen the cluster before the tasks came, as a leader's has.
        var planner = new Planner();
        planner.Plan(before, Clusters.Now, NoNewTasks);
        GC.Collect();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var paused = GC.GetTotalPauseDuration();
        var (watch, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        var after = Assign(state, planner, out var assigned, out var planning);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        paused = GC.GetTotalPauseDuration() - paused;
        times.Add((
            watch.Elapsed.TotalMilliseconds, planning.TotalMilliseconds, cpu.TotalMilliseconds,
            paused.TotalMilliseconds));
        bytes = GC.GetAllocatedBytesForCurrentThread() - allocated;
        if (assigned != tasks || after.Tasks.Values.Any(t => t.Status.State != TaskState.Assigned))
        {
            throw new InvalidOperationException($"{what}: {assigned} of {tasks} assigned");
        }
    }

    times.Sort();
    var median = times[times.Count / 2];
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{what,-50} {median.All,9:f1} ms {(goalMs is { } goal ? $"(goal {goal})" : ""),-12} best {times[0].All:f1}, "
        + $"{median.Plan:f1} of it planning, CPU {times.Min(t => t.Cpu):f1}, GC {times.Min(t => t.Paused):f1}, "
        + $"{bytes / tasks:d} bytes a task"));
}

static TaskId NoNewTasks() => throw new InvalidOperationException("no new tasks");

// The leader's loop without the log: plan, apply, plan again while there is more.
static ClusterState Assign(ClusterState state, Planner planner, out int assigned, out TimeSpan planning)
{
    (assigned, planning) = (0, TimeSpan.Zero);
    while (true)
    {
        var watch = Stopwatch.StartNew();
        var plan = planner.Plan(state, Clusters.Now, NoNewTasks);
        planning += watch.Elapsed;
        foreach (var action in plan.Actions)
        {
            assigned += action is StoreAction.AssignTask ? 1 : 0;
        }

        if (plan.Actions.IsEmpty)
        {
            return state;
        }

        state = state.Apply(new StoreEntry(Clusters.Now, plan.Actions), state.LastIndex + 1).State;
        if (!plan.MoreToDo)
        {
            return state;
        }
    }
}
