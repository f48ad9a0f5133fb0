using Swarm.Model;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>
/// Hands waiting tasks to the scheduler, those with a node of their own first, and tells why the others wait. A
/// service of which nothing can be placed is asked again only when a node changed that might take something
/// (<see cref="Standstill"/>).
/// </summary>
internal sealed class TaskPlacer
{
    /// <summary>Each service that stands still takes a byte for each node; beyond this all are asked again.</summary>
    private const long MaxStuckBytes = 64L << 20;

    private readonly PlacementRound _round = new();
    private readonly Dictionary<ServiceId, Standstill> _stuck = [];
    private long _looks;

    /// <summary>Tasks that were looked at so far, each look counted.</summary>
    internal long Looks => _round.Looks + _looks;

    internal void Follow(StateDelta delta, DateTimeOffset now)
    {
        _round.Follow(delta, now);
        foreach (var (before, after) in delta.Services)
        {
            if (after is null || !ReferenceEquals(before?.Spec, after.Spec))
            {
                _stuck.Remove((after ?? before)!.Id);
            }
        }
    }

    /// <summary>True when services may have to be reconciled again for what came out.</summary>
    internal bool Place(Draft draft)
    {
        var state = draft.State;
        var services = state.WaitingServices.Keys.Select(id => state.Services[id])
            .OrderBy(s => s.IsGlobal ? 0 : 1).ThenBy(s => s.CreatedAt).ThenBy(s => s.Id).ToList();
        if (services.Count == 0)
        {
            return false;
        }

        var shares = FairShares.Of([.. services.Select(s => state.WaitingTasks(s.Id))], Planner.MaxActions);
        var steps = new List<StoreAction>(shares.Sum());
        var standing = new List<Standstill>();
        var again = false;
        for (var i = 0; i < services.Count; i++)
        {
            var before = steps.Count;
            draft.IsCut |= state.WaitingTasks(services[i].Id) > shares[i];
            standing.AddRange(Place(state, services[i], shares[i], steps));
            again |= steps.Count > before && (services[i].Update is { IsRunning: true }
                || HasOldTasks(state, services[i], steps, before));
        }

        foreach (var still in standing)
        {
            again |= Explain(draft, still, steps) && state.Services[still.Service] is { Update.IsRunning: true };
        }

        draft.Stage(steps);
        if (again && steps.Count > 0)
        {
            draft.Settle();
            return true;
        }

        return false;
    }

    /// <summary>Where a task of an older spec has come to lie can decide whether it has to be replaced.</summary>
    private static bool HasOldTasks(ClusterState state, ServiceRecord service, List<StoreAction> steps, int from)
    {
        for (var i = from; service.KeptSpecs.Count > 1 && i < steps.Count; i++)
        {
            if (steps[i] is StoreAction.AssignTask a && state.Tasks[a.Id].SpecVersion != service.SpecVersion)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Places what it can; gives what stands still.</summary>
    private IEnumerable<Standstill> Place(ClusterState state, ServiceRecord service, int most, List<StoreAction> steps)
    {
        var waiting = state.WaitingOf(service.Id);
        if (_stuck.TryGetValue(service.Id, out var known))
        {
            if (known.Holds(waiting))
            {
                return [known];
            }

            _stuck.Remove(service.Id);
        }

        if (most == 0)
        {
            return [];
        }

        if (!Allocator.IsDone(service))
        {
            Explain(state, waiting.Keys.Take(most).Select(id => new Refusal(id, Allocator.Exhausted)), steps);
            return [];
        }

        var refused = PlaceGroups(Waiting(state, service, most), service, steps, out var placed);
        if (placed == 0 && most < waiting.Count)
        {
            // None of the first ones can be placed: whether any can, and what to tell them all.
            refused = PlaceGroups(Waiting(state, service, waiting.Count), service, steps, out placed);
        }

        var still = refused.ConvertAll(r => new Standstill(service.Id, waiting, r.Group, r.Result));
        if (placed == 0 && still.Count == 1)
        {
            Remember(still[0]);
        }

        return still;
    }

    private void Remember(Standstill still)
    {
        if ((long)_stuck.Count * _round.Nodes > MaxStuckBytes)
        {
            _stuck.Clear();
        }

        _stuck[still.Service] = still;
    }

    private List<(PlacementGroup Group, GroupResult Result)> PlaceGroups(
        List<List<TaskRecord>> groups, ServiceRecord service, List<StoreAction> steps, out int placed)
    {
        var refused = new List<(PlacementGroup, GroupResult)>();
        placed = 0;
        foreach (var tasks in groups)
        {
            var version = tasks[0].SpecVersion;
            var group = new PlacementGroup(service.Id, service.KeptSpecs[version], version, tasks);
            var result = PlaceSwap.Of(group, _round.Place(group), steps);
            placed += result.Placements.Length;
            if (!result.Unplaced.IsEmpty)
            {
                refused.Add((group, result));
            }
        }

        return refused;
    }

    /// <summary>Some that wait, by spec version, in the order of the store.</summary>
    private List<List<TaskRecord>> Waiting(ClusterState state, ServiceRecord service, int most)
    {
        var waiting = new List<TaskRecord>(most);
        var isOne = true;
        PersistentJoin.Visit(state.WaitingOf(service.Id), state.Tasks, task =>
        {
            waiting.Add(task);
            isOne &= task.SpecVersion == waiting[0].SpecVersion;
            return waiting.Count < most;
        });
        _looks += waiting.Count;
        return isOne ? [waiting] : [.. waiting.GroupBy(t => t.SpecVersion).OrderBy(g => g.Key).Select(g => g.ToList())];
    }

    /// <summary>True when something new is told.</summary>
    private bool Explain(Draft draft, Standstill still, List<StoreAction> steps)
    {
        var (state, before) = (draft.State, steps.Count);
        if (still.MustTell(_round))
        {
            Explain(state, still.Refusals(_round, state), steps);
            still.Told(all: steps.Count == before);
        }

        return steps.Count > before;
    }

    private static void Explain(ClusterState state, IEnumerable<Refusal> refusals, List<StoreAction> steps)
    {
        foreach (var (id, why) in refusals)
        {
            if (state.Tasks[id].Status.Error != why && !Planted.Has(PlantedBug.PendingUnexplained))
            {
                steps.Add(new StoreAction.ExplainTask(id, 0, why));
            }
        }
    }
}
