using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>
/// What the nodes of a restored swarm run compared with what its state says, and what the planner would do: to be
/// looked at before the observation ends.
/// </summary>
internal static class ObservationReport
{
    /// <summary>Compares.</summary>
    /// <param name="state">Of the swarm.</param>
    /// <param name="found">Containers of each node that has a session.</param>
    /// <param name="now">The leader's clock.</param>
    /// <param name="newTaskId">For the tasks that would be made.</param>
    internal static GetObservationResponse Of(
        ClusterState state, IReadOnlyDictionary<NodeId, IReadOnlyList<FoundTask>> found, DateTimeOffset now,
        Func<TaskId> newTaskId)
    {
        var report = new GetObservationResponse
        {
            Observing = state.Cluster is { Observe: true }, Version = state.Cluster?.Version ?? 0,
        };
        var missing = new List<TaskRecord>();
        foreach (var node in state.Nodes.Values.OrderBy(n => n.Hostname, StringComparer.Ordinal).ThenBy(n => n.Id))
        {
            report.Nodes.Add(Compare(state, node, found.GetValueOrDefault(node.Id), missing));
        }

        Preview(report, WithoutMissing(state, missing, now), now, newTaskId);
        return report;
    }

    private static ObservedNode Compare(
        ClusterState state, NodeRecord node, IReadOnlyList<FoundTask>? found, List<TaskRecord> missing)
    {
        var view = new ObservedNode { NodeId = node.Id.Value, Hostname = node.Hostname, Reported = found is not null };
        if (found is null)
        {
            return view;
        }

        var running = found.Where(f => f.State == (int)TaskState.Running)
            .Select(f => new TaskId(f.TaskId)).ToImmutableSortedSet();
        var wanted = state.TasksOn(node.Id).Where(t => t.IsLive && t.DesiredState == TaskState.Running)
            .ToDictionary(t => t.Id);
        view.AsWanted = (ulong)running.Count(wanted.ContainsKey);
        view.ToStop.Add(running.Where(id => !wanted.ContainsKey(id)).Select(id => Name(state, id)));
        var lost = wanted.Values
            .Where(t => t.Status.State is TaskState.Starting or TaskState.Running && !running.Contains(t.Id))
            .OrderBy(t => t.Id).ToList();
        view.Missing.Add(lost.Select(t => Name(state, t.Id)));
        missing.AddRange(lost);
        return view;
    }

    /// <summary>The state as the nodes will report it: what is not there has failed.</summary>
    private static ClusterState WithoutMissing(ClusterState state, List<TaskRecord> missing, DateTimeOffset now)
    {
        if (missing.Count == 0)
        {
            return state;
        }

        var reports = missing.Select(t => new StoreAction.ReportTaskStatus(
            t.Id, t.Status with { State = TaskState.Failed, At = now }));
        return state.Apply(new StoreEntry(now, [.. reports]), state.LastIndex + 1).State;
    }

    private static void Preview(
        GetObservationResponse report, ClusterState state, DateTimeOffset now, Func<TaskId> newTaskId)
    {
        foreach (var action in new Planner().Plan(state, now, newTaskId).Actions)
        {
            switch (action)
            {
                case StoreAction.CreateTask create:
                    Count(report.TasksToStart, ServiceName(state, create.Task.ServiceId));
                    break;
                case StoreAction.SetDesiredState { Desired: >= TaskState.Shutdown } stop
                    when state.Tasks.Get(stop.Id) is { } task && !task.Status.State.IsTerminal():
                    Count(report.TasksToStop, ServiceName(state, task.ServiceId));
                    break;
                default:
                    break;
            }
        }
    }

    private static void Count(IDictionary<string, ulong> counts, string key) =>
        counts[key] = (counts.TryGetValue(key, out var count) ? count : 0) + 1;

    private static string Name(ClusterState state, TaskId id) => state.Tasks.Get(id) is { } task
        ? $"{TaskNames.Of(ServiceName(state, task.ServiceId), task)}.{id}"
        : id.Value;

    private static string ServiceName(ClusterState state, ServiceId id) =>
        state.Services.Get(id)?.Spec.Name ?? id.Value;
}
