using System.Diagnostics;
using System.Globalization;
using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Store;

namespace Swarm.Bench.Scheduling;

/// <summary>
/// The leader's loop with everything but the disk and the network: plan, encode, and three managers that decode and
/// apply, one after the other on one core.
/// </summary>
internal sealed class Loop
{
    private const int Managers = 3;

    private readonly Planner _planner = new();
    private readonly ClusterState[] _stores;
    private int _ids;

    internal Loop(ClusterState state)
    {
        _stores = [.. Enumerable.Repeat(state, Managers)];
        _planner.Plan(state, Clusters.Now, NewTaskId);
    }

    internal ClusterState State => _stores[0];

    internal long LogBytes { get; private set; }

    internal int Entries { get; private set; }

    internal TimeSpan LongestPlan { get; private set; }

    internal long Looks => _planner.Looks;

    internal void Commit(params StoreAction[] actions)
    {
        var bytes = EntryCodec.Encode(new StoreEntry(Clusters.Now, [.. actions]));
        LogBytes += bytes.Length;
        Entries++;
        for (var i = 0; i < Managers; i++)
        {
            _stores[i] = _stores[i].Apply(EntryCodec.Decode(bytes), _stores[i].LastIndex + 1).State;
        }
    }

    /// <summary>Until there is nothing left to do.</summary>
    internal void Settle()
    {
        while (true)
        {
            var watch = Stopwatch.StartNew();
            var plan = _planner.Plan(State, Clusters.Now, NewTaskId);
            LongestPlan = watch.Elapsed > LongestPlan ? watch.Elapsed : LongestPlan;
            if (plan.IsEmpty)
            {
                return;
            }

            Commit([.. plan.Actions]);
        }
    }

    private TaskId NewTaskId() => new((_ids++).ToString("d25", CultureInfo.InvariantCulture));

    /// <summary>From `service create --replicas N` to all tasks assigned in three stores.</summary>
    internal static void Create(int nodes, int tasks)
    {
        var loop = new Loop(Clusters.Nodes(nodes));
        GC.Collect();
        var (watch, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        loop.Commit(new StoreAction.CreateService(Clusters.Id(1), Clusters.Spec(1, tasks)));
        loop.Settle();
        cpu = Environment.CpuUsage.TotalTime - cpu;
        var assigned = loop.State.Tasks.Values.Count(t => t.Status.State == TaskState.Assigned);
        if (assigned != tasks || loop._stores.Any(s => s.Tasks.Count != tasks))
        {
            throw new InvalidOperationException($"{assigned} of {tasks} assigned");
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{$"create {tasks} replicas on {nodes} nodes, 3 stores",-50} {watch.Elapsed.TotalMilliseconds,9:f1} ms "
            + $"(CPU {cpu.TotalMilliseconds:f1}; longest plan {loop.LongestPlan.TotalMilliseconds:f1}), "
            + $"{tasks / watch.Elapsed.TotalSeconds:f0} tasks/s, {loop.LogBytes / tasks:d} bytes of log a task, "
            + $"{loop.Entries} entries"));
    }

    /// <summary>What a plan costs in a cluster of many tasks when nothing, and when one task, has changed.</summary>
    internal static void Idle(int nodes, int services, int tasksEach)
    {
        var state = Clusters.Nodes(nodes);
        for (var i = 0; i < services; i++)
        {
            state = Clusters.WithSpec(state, i, tasksEach, _ => { });
        }

        var planner = new Planner();
        var ids = 0;
        TaskId Id() => new((ids++).ToString("d25", CultureInfo.InvariantCulture));
        Plan Step() => planner.Plan(state, Clusters.Now, Id);
        for (var plan = Step(); !plan.IsEmpty; plan = Step())
        {
            state = state.Apply(new StoreEntry(Clusters.Now, plan.Actions), state.LastIndex + 1).State;
        }

        var quiet = Time(() => Step());
        var (looks, spent) = (0L, TimeSpan.Zero);
        foreach (var task in state.Tasks.Values.Take(21).ToList())
        {
            state = state.Apply(
                StoreEntry.Of(Clusters.Now, new StoreAction.ReportTaskStatus(
                    task.Id, new TaskStatusRecord { State = TaskState.Failed, At = Clusters.Now })),
                state.LastIndex + 1).State;
            var before = planner.Looks;
            Plan plan = null!;
            spent = Time(() => plan = Step());
            looks = planner.Looks - before;
            state = state.Apply(new StoreEntry(Clusters.Now, plan.Actions), state.LastIndex + 1).State;
            Step();
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{$"idle, {services * tasksEach} tasks on {nodes} nodes",-50} {quiet.TotalMilliseconds,9:f3} ms a plan; "
            + $"{spent.TotalMilliseconds:f3} ms and {looks} tasks looked at for one that crashed"));
    }

    private static TimeSpan Time(Action action)
    {
        var watch = Stopwatch.StartNew();
        action();
        return watch.Elapsed;
    }
}
