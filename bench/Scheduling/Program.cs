using System.Diagnostics;
using System.Globalization;
using Swarm.Bench.Scheduling;
using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Store;

// scheduling [RUNS]: from tasks that wait in the store to all of them assigned in the store, through the planner.
var runs = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 7;
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
Incremental();

void Measure(string what, int nodes, (int Services, int Tasks)[] load, Action<ServiceSpec> edit)
{
    var state = Clusters.Nodes(nodes);
    var number = 0;
    foreach (var (services, tasks) in load)
    {
        for (var i = 0; i < services; i++)
        {
            state = Clusters.WithService(state, number++, tasks, edit);
        }
    }

    Run(what, state, load.Sum(l => l.Services * l.Tasks));
}

// Ten more tasks for a cluster of 10k nodes that runs 100k.
void Incremental()
{
    var planner = new Planner();
    var state = Assign(Clusters.WithService(Clusters.Nodes(10_000), 0, 100_000, _ => { }), planner, out _);
    Run("10 tasks into 100k on 10k nodes", Clusters.WithService(state, 1, 10, _ => { }), 10, planner);
}

void Run(string what, ClusterState state, int tasks, Planner? planner = null)
{
    var times = new List<double>();
    var bytes = 0L;
    for (var run = 0; run < runs; run++)
    {
        GC.Collect();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        var after = Assign(state, planner ?? new Planner(), out var assigned);
        times.Add(watch.Elapsed.TotalMilliseconds);
        bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        if (assigned != tasks || after.Tasks.Values.Any(t => t.Status.State != TaskState.Assigned))
        {
            throw new InvalidOperationException($"{what}: {assigned} of {tasks} assigned");
        }
    }

    times.Sort();
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{what,-50} {times[times.Count / 2],9:f1} ms (best {times[0]:f1}), {bytes / tasks:d} bytes a task"));
}

// The leader's loop without the log: plan, apply, plan again while there is more.
static ClusterState Assign(ClusterState state, Planner planner, out int assigned)
{
    assigned = 0;
    while (true)
    {
        var plan = planner.Plan(state, Clusters.Now, () => throw new InvalidOperationException("no new tasks"));
        assigned += plan.Actions.OfType<StoreAction.AssignTask>().Count();
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
