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

    /// <summary>What a plan costs in a cluster of many tasks when nothing has changed, and when little has.</summary>
    internal static void Idle(int nodes, int services, int tasksEach)
    {
        var idle = new IdleCluster(nodes, services, tasksEach);
        var memory = GC.GetTotalMemory(forceFullCollection: true);
        var quiet = idle.Measure(static (_, _) => null);
        var running = idle.Measure(static (state, task) => new StoreAction.ReportTaskStatus(
            task.Id, new TaskStatusRecord { State = TaskState.Running, At = Clusters.Now }));
        var crashed = idle.Measure(static (state, task) => new StoreAction.ReportTaskStatus(
            task.Id, new TaskStatusRecord { State = TaskState.Failed, At = Clusters.Now }));
        var updated = idle.Measure(static (state, task) => new StoreAction.UpdateServiceSpec(
            task.ServiceId, 0, IdleCluster.Relabelled(state.Services[task.ServiceId].Spec)));
        var tasks = services * tasksEach;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"idle, {tasks} tasks on {nodes} nodes: a plan {quiet}, one status {running}, "
            + $"one crash {crashed}, labels of a service {updated}; "
            + $"{memory >> 20} MiB of state and planner, {memory / tasks} bytes a task"));
        GC.KeepAlive(idle);
    }
}
