using Swarm.Model;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>
/// The one who decides: reconcile, allocate, schedule, composed by applying their actions to the snapshot in memory
/// with the very Apply of the replicas. Made anew with each leadership. What it remembers between two calls follows
/// from the states that it saw and saves it from looking at what did not change: a plan costs what changed since the
/// one before, whatever the size of the cluster.
/// </summary>
public sealed class Planner
{
    /// <summary>Actions of one plan.</summary>
    public const int MaxActions = 10_000;

    /// <summary>How often a service is looked at again within one plan: each look is one step of its slots.</summary>
    private const int MaxRounds = 8;

    /// <summary>How often reconciling and scheduling alternate: a task without a place lets an update go on.</summary>
    private const int MaxPasses = 3;

    private readonly ServiceBook _book = new();
    private readonly TaskPlacer _placer = new();
    private readonly NodeEnforcer _enforcer = new();
    private ClusterState _seen = ClusterState.Empty;

    /// <summary>Tasks that were looked at so far, each look counted: what planning costs.</summary>
    public long Looks => _book.Looks + _placer.Looks;

    /// <summary>
    /// What has to be done in this state at this time. Empty on a state that holds the result of the same plan.
    /// Propose the actions with <paramref name="now"/> as the entry's time, and the index that they were planned on.
    /// </summary>
    public Plan Plan(ClusterState state, DateTimeOffset now, Func<TaskId> newTaskId)
    {
        var draft = new Draft(state, now);
        Follow(draft, always: true);
        draft.Apply(_enforcer.Evict(state));
        var again = true;
        for (var pass = 0; pass < MaxPasses && again; pass++)
        {
            var more = true;
            for (var round = 0; round < MaxRounds && more && !draft.IsFull; round++)
            {
                Follow(draft);
                more = Reconcile(draft, newTaskId);
            }

            draft.IsCut |= more;
            Follow(draft);
            again = _placer.Place(draft);
        }

        draft.IsCut |= again;
        var (actions, cut) = new PlanFolding(state, draft).Fold();
        return new Plan(actions, _book.WakeAt, draft.IsCut || cut)
        {
            PlannedOn = Planted.Has(PlantedBug.StalePlan) ? 0 : state.LastIndex,
        };
    }

    /// <param name="draft">To its state.</param>
    /// <param name="always">Also when it is the same one: what was placed in a plan that came to nothing is
    /// forgotten.</param>
    private void Follow(Draft draft, bool always = false)
    {
        if (ReferenceEquals(_seen, draft.State) && !always)
        {
            return;
        }

        var delta = StateDelta.Between(_seen, draft.State);
        _seen = draft.State;
        _book.Follow(delta, draft.Now);
        _placer.Follow(delta, draft.Now);
        _enforcer.Follow(delta);
    }

    /// <summary>
    /// One look at each service that is due; false when nothing is left to do. Each gets its share of the plan's room,
    /// and what others do not need in the next round, so that a huge service does not keep small ones waiting.
    /// </summary>
    private bool Reconcile(Draft draft, Func<TaskId> newTaskId)
    {
        var steps = new List<StoreAction>();
        var promised = new Dictionary<PortKey, ServiceId>();
        var state = draft.State;
        var due = _book.Due(state, draft.Now);
        for (var i = 0; i < due.Count; i++)
        {
            var room = MaxActions - draft.Count - steps.Count;
            if (room <= 0)
            {
                break;
            }

            var scope = new ServiceScope(state, due[i], draft.Now, newTaskId)
            {
                Room = Math.Max(1, room / (due.Count - i)),
                PlannedOn = draft.Before.LastIndex,
            };
            ServiceReconciler.Reconcile(scope, _book, promised);
            _book.Note(scope);
            draft.IsCut |= scope.IsHeldBack;
            CreationOrder.Sort(scope.Actions);
            steps.AddRange(scope.Actions);
            Promise(scope, promised);
        }

        draft.Apply(steps);
        return steps.Count > 0;
    }

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
}
