using System.Diagnostics;
using System.Globalization;
using Swarm.Bench.Scheduling;
using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Store;

// scheduling [RUNS]: from tasks that wait in the store to all of them assigned in the store, through the planner.
var runs = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 7;
var only = args.Length > 1 ? args[1] : null;
Measure("10k tasks on 1k nodes", 1_000, [(1, 10_000)], _ => { });
Measure("10k tasks on 1k nodes, constraint", 1_000, [(1, 10_000)],
    s => s.Task.Placement.Constraints.Add("engine.labels.disk==ssd"));
Measure("10k tasks on 1k nodes, 3 spread levels", 1_000, [(1, 10_000)],
    s => s.Task.Placement.Preferences.Add(
        ["spread=node.labels.l0", "spread=node.labels.l1", "spread=node.labels.l2"]));
Measure("1,000 services of 10 on 10k nodes", 10_000, [(1_000, 10)], _ => { });
Measure("1,000 services of 10 on 10k nodes, constraint", 10_000, [(1_000, 10)],
    s => s.Task.Placement.Constraints.Add("engine.labels.disk==ssd"));
Measure("1k tasks on 1k nodes", 1_000, [(1, 1_000)], _ => { });
Measure("1k tasks on 100k nodes", 100_000, [(1, 1_000)], _ => { });
Measure("100k tasks on 1k nodes", 1_000, [(1, 100_000)], _ => { });
Measure("100k tasks on 10k nodes", 10_000, [(1, 100_000)], _ => { });
Measure("100k tasks on 100k nodes", 100_000, [(1, 100_000)], _ => { });
if (only is null)
{
    Incremental();
    Loop.Create(10_000, 100_000);
    Loop.Create(10_000, 100_000);
    Loop.Idle(10_000, 10, 10_000);
    Loop.Idle(10_000, 100, 10_000);
}


void Measure(string what, int nodes, (int Services, int Tasks)[] load, Action<ServiceSpec> edit)
{
    if (only is not null && !what.Contains(only, StringComparison.Ordinal))
    {
        return;
    }

    var before = Clusters.Nodes(nodes);
    var (state, number) = (before, 0);
    foreach (var (services, tasks) in load)
    {
        for (var i = 0; i < services; i++)
        {
            state = Clusters.WithService(state, number++, tasks, edit);
        }
    }

    Run(what, state, load.Sum(l => l.Services * l.Tasks), before);
}

// Ten more tasks for a cluster of 10k nodes that runs 100k.
void Incremental()
{
    var state = Assign(
        Clusters.WithService(Clusters.Nodes(10_000), 0, 100_000, _ => { }), new Planner(), out _, out _);
    Run("10 tasks into 100k on 10k nodes", Clusters.WithService(state, 1, 10, _ => { }), 10, state);
}

void Run(string what, ClusterState state, int tasks, ClusterState before)
{
    var times = new List<(double All, double Plan, double Cpu)>();
    var bytes = 0L;
    for (var run = 0; run < runs; run++)
    {
        // A planner that has seen the cluster before the tasks came, as a leader's has.
        var planner = new Planner();
        planner.Plan(before, Clusters.Now, NoNewTasks);
        GC.Collect();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var (watch, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        var after = Assign(state, planner, out var assigned, out var planning);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        times.Add((watch.Elapsed.TotalMilliseconds, planning.TotalMilliseconds, cpu.TotalMilliseconds));
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
        $"{what,-50} {median.All,9:f1} ms (best {times[0].All:f1}; {median.Plan:f1} of it planning; "
        + $"CPU {times.Min(t => t.Cpu):f1}), "
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
