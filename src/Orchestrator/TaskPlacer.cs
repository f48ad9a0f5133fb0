using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>Hands every waiting task to the scheduler, those with a node of their own first.</summary>
internal static class TaskPlacer
{
    /// <summary>Gives the services that may have to be reconciled again for what came out.</summary>
    internal static List<ServiceId> Place(Draft draft)
    {
        var state = draft.State;
        var groups = state.Services.Values
            .Where(s => state.WaitingTasks(s.Id) > 0)
            .OrderBy(s => s.IsGlobal ? 0 : 1).ThenBy(s => s.CreatedAt).ThenBy(s => s.Id)
            .ToList();
        if (groups.Count == 0)
        {
            return [];
        }

        var round = new PlacementRound(state, draft.Now);
        var steps = new List<StoreAction>();
        var again = new List<ServiceId>();
        var refused = new List<(PlacementGroup Group, GroupResult Result)>();
        foreach (var service in groups)
        {
            if (steps.Count >= Planner.MaxActions)
            {
                draft.IsCut = true;
                break;
            }

            var placed = steps.Count;
            draft.IsCut |= state.WaitingTasks(service.Id) > Planner.MaxActions - steps.Count;
            Place(state, service, (round, refused), steps);
            if (service.Update is { IsRunning: true } || HasOldTasks(state, service, steps.Skip(placed)))
            {
                again.Add(service.Id);
            }
        }

        foreach (var (group, result) in refused)
        {
            Explain(state, round.Explain(group, result), steps);
        }

        var before = draft.Count;
        draft.Apply(steps);
        return draft.Count > before ? again : [];
    }

    /// <summary>Where a task of an older spec has come to lie can decide whether it has to be replaced.</summary>
    private static bool HasOldTasks(ClusterState state, ServiceRecord service, IEnumerable<StoreAction> steps) =>
        service.KeptSpecs.Count > 1
        && steps.OfType<StoreAction.AssignTask>().Any(a => state.Tasks[a.Id].SpecVersion != service.SpecVersion);

    private static void Place(
        ClusterState state,
        ServiceRecord service,
        (PlacementRound Round, List<(PlacementGroup, GroupResult)> Refused) scheduler,
        List<StoreAction> steps)
    {
        foreach (var tasks in Waiting(state, service, Planner.MaxActions - steps.Count))
        {
            var version = tasks[0].SpecVersion;
            if (!Allocator.IsDone(service))
            {
                Explain(state, tasks.Select(t => new Refusal(t.Id, Allocator.Exhausted)), steps);
                continue;
            }

            var group = new PlacementGroup(service.Id, service.KeptSpecs[version], version, tasks);
            var result = scheduler.Round.Place(group);
            foreach (var placement in result.Placements)
            {
                steps.Add(new StoreAction.AssignTask(placement.Task, 0, placement.Node, placement.HostPorts));
            }

            if (!result.Unplaced.IsEmpty)
            {
                scheduler.Refused.Add((group, result));
            }
        }
    }

    /// <summary>Those that wait, by spec version and then slot; no more than the plan has room for.</summary>
    private static List<List<TaskRecord>> Waiting(ClusterState state, ServiceRecord service, int most)
    {
        var waiting = new List<TaskRecord>(state.WaitingTasks(service.Id));
        foreach (var (_, ids) in state.SlotsOf(service.Id))
        {
            foreach (var id in ids)
            {
                if (state.Tasks[id] is { IsLive: true, Status.State: < TaskState.Assigned } task)
                {
                    waiting.Add(task);
                }
            }
        }

        waiting.Sort(static (a, b) =>
            a.SpecVersion != b.SpecVersion ? a.SpecVersion.CompareTo(b.SpecVersion)
            : a.Slot != b.Slot ? a.Slot.CompareTo(b.Slot)
            : a.NodeId.CompareTo(b.NodeId));
        return [.. waiting.Take(most).GroupBy(t => t.SpecVersion).Select(g => g.ToList())];
    }

    private static void Explain(ClusterState state, IEnumerable<Refusal> refusals, List<StoreAction> steps)
    {
        foreach (var (id, why) in refusals)
        {
            if (state.Tasks[id].Status.Error != why)
            {
                steps.Add(new StoreAction.ExplainTask(id, 0, why));
            }
        }
    }
}
