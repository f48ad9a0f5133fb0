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

    internal ServiceScope(ClusterState state, ServiceRecord service, DateTimeOffset now, Func<TaskId> newTaskId)
    {
        (State, Service, Now, _newTaskId) = (state, service, now, newTaskId);
        _fit = new TaskFit(service);
    }

    internal ClusterState State { get; }

    internal ServiceRecord Service { get; }

    internal DateTimeOffset Now { get; }

    /// <summary>Slots that have tasks, by number or node.</summary>
    internal List<Slot> Slots => _slots ??= Read(static _ => true);

    internal List<StoreAction> Actions { get; } = [];

    /// <summary>When time alone will give the planner something to do here.</summary>
    internal DateTimeOffset? WakeAt { get; private set; }

    /// <summary>The policy of what is going on: an update or a rollback.</summary>
    internal UpdatePolicy? Policy =>
        Service.Update is { IsRollback: true } ? Service.Spec.Rollback : Service.Spec.Update;

    /// <summary>What a task is wanted to be once it may start.</summary>
    internal TaskState Up => Service.IsJob ? TaskState.Complete : TaskState.Running;

    internal PlacementRules Rules => _fit.RulesOf(Service.SpecVersion);

    internal NodeRecord? NodeOf(TaskRecord task) => task.NodeId.IsNone ? null : State.Nodes.Get(task.NodeId);

    /// <summary>The slots whose tasks the filter lets through, by number or node.</summary>
    internal List<Slot> Read(Func<ImmutableArray<TaskId>, bool> filter)
    {
        var slots = new List<Slot>();
        foreach (var (key, ids) in State.SlotsOf(Service.Id))
        {
            if (!filter(ids))
            {
                continue;
            }

            var tasks = new List<TaskRecord>(ids.Length);
            foreach (var id in ids)
            {
                tasks.Add(State.Tasks[id]);
            }

            slots.Add(new Slot(key, tasks));
        }

        slots.Sort(static (a, b) =>
            a.Key.Slot != b.Key.Slot ? a.Key.Slot.CompareTo(b.Key.Slot) : a.Key.Node.CompareTo(b.Key.Node));
        return slots;
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
    internal bool IsDirty(TaskRecord task) => _fit.IsOutdated(task, NodeOf(task));

    /// <summary>Its node is gone, down or drained: it cannot stay there.</summary>
    internal bool HasLostNode(TaskRecord task) =>
        !task.NodeId.IsNone && (NodeOf(task) is not { } node || node.MustBeEmptied);

    /// <summary>
    /// Labels of its node were changed under it. A constraint that a user changed is a matter of the rolling
    /// update, so each task is held against the spec that it was made from.
    /// </summary>
    internal bool IsMisplaced(TaskRecord task)
    {
        var rules = _fit.RulesOf(task.SpecVersion);
        return !rules.AdmitsAll
            && task.Status.State >= TaskState.Assigned
            && NodeOf(task) is { Availability: NodeSpec.Types.Availability.Active } node
            && !rules.Admits(node);
    }
}
