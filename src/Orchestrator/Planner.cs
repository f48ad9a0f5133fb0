using Swarm.Model;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>
/// The one who decides: reconcile, allocate, schedule, composed by applying their actions to the snapshot in memory
/// with the very Apply of the replicas. Made anew with each leadership; what it remembers between two calls is only
/// which services had nothing to do at which revision, so that quiet ones cost nothing.
/// </summary>
public sealed class Planner
{
    /// <summary>Actions of one plan.</summary>
    public const int MaxActions = 10_000;

    /// <summary>How often a service is looked at again within one plan: each look is one step of its slots.</summary>
    private const int MaxRounds = 8;

    /// <summary>How often reconciling and scheduling alternate: a task without a place lets an update go on.</summary>
    private const int MaxPasses = 3;

    private readonly Dictionary<ServiceId, Quiet> _quiet = [];

    /// <summary>
    /// What has to be done in this state at this time. Empty on a state that holds the result of the same plan.
    /// Propose the actions with <paramref name="now"/> as the entry's time.
    /// </summary>
    public Plan Plan(ClusterState state, DateTimeOffset now, Func<TaskId> newTaskId)
    {
        var draft = new Draft(state, now);
        draft.Apply(NodeEnforcer.Evict(state));
        Prune(state);
        var due = state.Services.Values.OrderBy(s => s.CreatedAt).ThenBy(s => s.Id)
            .Where(s => !IsQuiet(state, s.Id, now)).Select(s => s.Id).ToList();
        for (var pass = 0; pass < MaxPasses && (pass == 0 || due.Count > 0); pass++)
        {
            for (var round = 0; round < MaxRounds && due.Count > 0 && !draft.IsFull; round++)
            {
                due = Reconcile(draft, due, newTaskId);
            }

            draft.IsCut |= due.Count > 0;
            due = TaskPlacer.Place(draft);
        }

        var (actions, cut) = new PlanFolding(state, draft.State).Fold(draft.Steps);
        return new Plan(actions, draft.WakeAt(_quiet.Values.Select(q => q.WakeAt)), draft.IsCut || cut);
    }

    private void Prune(ClusterState state)
    {
        foreach (var gone in _quiet.Keys.Where(id => !state.Services.ContainsKey(id)).ToList())
        {
            _quiet.Remove(gone);
        }
    }

    /// <summary>One look at each service; gives those that changed and have to be looked at again.</summary>
    private List<ServiceId> Reconcile(Draft draft, List<ServiceId> due, Func<TaskId> newTaskId)
    {
        var again = new List<ServiceId>();
        var steps = new List<StoreAction>();
        var promised = new Dictionary<PortKey, ServiceId>();
        var state = draft.State;
        foreach (var id in due)
        {
            if (state.Services.Get(id) is not { } service)
            {
                _quiet.Remove(id);
                continue;
            }

            if (draft.Count + steps.Count >= MaxActions)
            {
                again.Add(id);
                continue;
            }

            var scope = new ServiceScope(state, service, draft.Now, newTaskId);
            ServiceReconciler.Reconcile(scope, promised);
            draft.Wake(scope.WakeAt);
            Note(draft, scope);
            steps.AddRange(scope.Actions);
            if (scope.Actions.Count > 0)
            {
                again.Add(id);
                Promise(scope, promised);
            }
        }

        draft.Apply(steps);
        return steps.Count > 0 ? again : [];
    }

    private void Note(Draft draft, ServiceScope scope)
    {
        var id = scope.Service.Id;
        if (scope.Actions.Count == 0 && Allocator.IsDone(scope.Service)
            && draft.Before.RevisionOf(id) == draft.State.RevisionOf(id))
        {
            _quiet[id] = new Quiet(draft.Before.RevisionOf(id), Surroundings(draft.Before), scope.WakeAt);
        }
        else
        {
            _quiet.Remove(id);
        }
    }

    private bool IsQuiet(ClusterState state, ServiceId id, DateTimeOffset now) =>
        _quiet.TryGetValue(id, out var quiet)
        && quiet.Revision == state.RevisionOf(id)
        && quiet.Surroundings == Surroundings(state)
        && (quiet.WakeAt is null || quiet.WakeAt > now);

    private static (ulong, ulong) Surroundings(ClusterState state) =>
        (state.NodesRevision, state.Cluster?.Version ?? 0);

    private static void Promise(ServiceScope scope, Dictionary<PortKey, ServiceId> promised)
    {
        foreach (var action in scope.Actions.OfType<StoreAction.SetServicePorts>())
        {
            foreach (var port in action.Ports.Where(p => p.IsIngress()))
            {
                promised[PortKey.Of(port)] = scope.Service.Id;
            }
        }
    }

    private readonly record struct Quiet(ulong Revision, (ulong, ulong) Surroundings, DateTimeOffset? WakeAt);
}
