using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>How a task's spec differs from the one in force.</summary>
internal enum SpecDifference
{
    /// <summary>Nothing that its container would notice.</summary>
    None,

    /// <summary>Only where it may run.</summary>
    Placement,

    /// <summary>It has to be replaced.</summary>
    Container,
}

/// <summary>A service while it is being reconciled: its slots, what is asked of it, and the actions so far.</summary>
internal sealed class ServiceScope
{
    private readonly TaskFit _fit;
    private readonly Func<TaskId> _newTaskId;
    private List<Slot>? _slots;
    private int? _historyLimit;
    private NodeRecord? _node;

    internal ServiceScope(ClusterState state, ServiceRecord service, DateTimeOffset now, Func<TaskId> newTaskId)
    {
        (State, Service, Now, _newTaskId) = (state, service, now, newTaskId);
        _fit = new TaskFit(service);
    }

    internal ClusterState State { get; }

    internal ServiceRecord Service { get; }

    internal DateTimeOffset Now { get; }

    /// <summary>For a look that makes none.</summary>
    internal static Func<TaskId> NoNewTasks { get; } =
        static () => throw new InvariantException("this look at a service makes no tasks");

    /// <summary>Slots that have tasks, by number or node.</summary>
    internal List<Slot> Slots => _slots ??= Read();

    /// <summary>Tasks that were looked at, each look counted.</summary>
    internal int Looks { get; set; }

    /// <summary>Actions that the plan has room for in this look.</summary>
    internal int Room { get; init; } = Planner.MaxActions;

    /// <summary>Index of the state that the plan is made on; what is newer is of the plan itself.</summary>
    internal ulong PlannedOn { get; init; } = ulong.MaxValue;

    /// <summary>Something waits until this plan is known to have happened.</summary>
    internal bool IsHeldBack { get; set; }

    /// <summary>What is left is for the next look.</summary>
    internal bool IsFull => Actions.Count >= Room;

    /// <summary>Tasks kept for each slot; negative keeps all.</summary>
    internal int HistoryLimit => _historyLimit ??= TaskReaper.Limit(this);

    internal List<StoreAction> Actions { get; } = [];

    /// <summary>When time alone will give the planner something to do here.</summary>
    internal DateTimeOffset? WakeAt { get; private set; }

    /// <summary>The policy of what is going on: an update or a rollback.</summary>
    internal UpdatePolicy? Policy =>
        Service.Update is { IsRollback: true } ? Service.Spec.Rollback : Service.Spec.Update;

    /// <summary>What a task is wanted to be once it may start.</summary>
    internal TaskState Up => Service.IsJob ? TaskState.Complete : TaskState.Running;

    internal PlacementRules Rules => _fit.RulesOf(Service.SpecVersion);

    /// <summary>Tasks that are looked at one after the other often have the same: the last answer is kept.</summary>
    internal NodeRecord? NodeOf(TaskRecord task)
    {
        if (task.NodeId.IsNone)
        {
            return null;
        }

        if (_node is null || _node.Id != task.NodeId)
        {
            _node = State.Nodes.Get(task.NodeId);
        }

        return _node;
    }

    /// <summary>One slot, by its tasks.</summary>
    internal Slot Read(SlotKey key) => Read(key, State.SlotsOf(Service.Id)[key]);

    private List<Slot> Read()
    {
        var slots = new List<Slot>();
        foreach (var (key, ids) in State.SlotsOf(Service.Id))
        {
            slots.Add(Read(key, ids));
        }

        slots.Sort(static (a, b) =>
            a.Key.Slot != b.Key.Slot ? a.Key.Slot.CompareTo(b.Key.Slot) : a.Key.Node.CompareTo(b.Key.Node));
        return slots;
    }

    private Slot Read(SlotKey key, ImmutableArray<TaskId> ids)
    {
        Looks += ids.Length;
        var tasks = new List<TaskRecord>(ids.Length);
        foreach (var id in ids)
        {
            tasks.Add(State.Tasks[id]);
        }

        return new Slot(key, tasks);
    }

    internal void Wake(DateTimeOffset at) => WakeAt = WakeAt is null || at < WakeAt ? at : WakeAt;

    internal void Desire(TaskRecord task, TaskState desired)
    {
        if (task.DesiredState < desired)
        {
            Actions.Add(new StoreAction.SetDesiredState(task.Id, 0, desired));
        }
    }

    /// <summary>A task of the spec in force.</summary>
    internal void Create(SlotKey slot, TaskState desired, DateTimeOffset? startNotBefore) =>
        Actions.Add(new StoreAction.CreateTask(new TaskRecord
        {
            Id = _newTaskId(),
            ServiceId = Service.Id,
            SpecVersion = Service.SpecVersion,
            Slot = slot.Slot,
            NodeId = slot.Node,
            DesiredState = desired,
            StartNotBefore = startNotBefore,
            CreatedAt = default,
            Status = new TaskStatusRecord { State = TaskState.Pending, At = default },
        }));

    /// <summary>It has to be replaced for the spec in force to be true.</summary>
    internal bool IsDirty(TaskRecord task) =>
        task.SpecVersion != Service.SpecVersion && _fit.IsOutdated(task, NodeOf(task));

    /// <summary>Its node is gone, down or drained: it cannot stay there.</summary>
    internal bool HasLostNode(TaskRecord task) =>
        !task.NodeId.IsNone && (NodeOf(task) is not { } node || (node.MustBeEmptied && !IsOverlooked(node)));

    private static bool IsOverlooked(NodeRecord node) => node.State == NodeStatus.Types.State.Down
        ? Planted.Has(PlantedBug.DownIgnored)
        : Planted.Has(PlantedBug.DrainIgnored);

    /// <summary>
    /// Labels of its node were changed under it. A constraint that a user changed is a matter of the rolling
    /// update, so each task is held against the spec that it was made from.
    /// </summary>
    internal bool IsMisplaced(TaskRecord task)
    {
        var rules = _fit.RulesOf(task.SpecVersion);
        return !rules.AdmitsAll
            && !Planted.Has(PlantedBug.EvictionForgotten)
            && task.Status.State >= TaskState.Assigned
            && NodeOf(task) is { Availability: NodeSpec.Types.Availability.Active } node
            && !rules.Admits(node);
    }
}
