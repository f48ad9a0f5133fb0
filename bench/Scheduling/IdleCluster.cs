using System.Diagnostics;
using System.Globalization;
using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Bench.Scheduling;

/// <summary>A cluster in which all that is wanted is assigned, and a planner that knows it.</summary>
internal sealed class IdleCluster
{
    private const int Steps = 21;

    private readonly Planner _planner = new();
    private ClusterState _state;
    private int _ids;

    internal IdleCluster(int nodes, int services, int tasksEach)
    {
        _state = Clusters.Nodes(nodes);
        for (var i = 0; i < services; i++)
        {
            _state = Clusters.WithSpec(_state, i, tasksEach, _ => { });
        }

        Settle();
    }

    /// <summary>The median time of the plans after a change of one thing each, and how many tasks were looked
    /// at.</summary>
    internal string Measure(Func<ClusterState, TaskRecord, StoreAction?> change)
    {
        var times = new List<double>();
        var looks = new List<long>();
        foreach (var id in _state.Tasks.Keys.Take(Steps).ToList())
        {
            if (change(_state, _state.Tasks[id]) is { } action)
            {
                _state = _state.Apply(StoreEntry.Of(Clusters.Now, action), _state.LastIndex + 1).State;
            }

            var before = _planner.Looks;
            times.Add(Settle().TotalMilliseconds);
            looks.Add(_planner.Looks - before);
        }

        times.Sort();
        looks.Sort();
        return string.Create(
            CultureInfo.InvariantCulture, $"{times[times.Count / 2]:f3} ms ({looks[looks.Count / 2]} looks)");
    }

    internal static ServiceSpec Relabelled(ServiceSpec spec)
    {
        var next = spec.Clone();
        next.Labels["n"] = next.Labels.TryGetValue("n", out var old) ? old + "1" : "1";
        return next;
    }

    /// <summary>All plans until there is nothing left to do; the time of planning alone.</summary>
    private TimeSpan Settle()
    {
        var spent = TimeSpan.Zero;
        while (true)
        {
            var watch = Stopwatch.StartNew();
            var plan = _planner.Plan(_state, Clusters.Now, NewTaskId);
            spent += watch.Elapsed;
            if (plan.IsEmpty)
            {
                return spent;
            }

            _state = _state.Apply(new StoreEntry(Clusters.Now, plan.Actions), _state.LastIndex + 1).State;
        }
    }

    private TaskId NewTaskId() => new((_ids++).ToString("d25", CultureInfo.InvariantCulture));
}
