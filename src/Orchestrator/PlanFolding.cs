using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>
/// Many small steps as few actions: what happened to a task after its creation goes into its creation, and only the
/// last desired state counts. Versions are those of the state that was planned on.
/// </summary>
internal sealed class PlanFolding(ClusterState before, Draft draft)
{
    /// <summary>Of the plan's entry, in bytes; estimated from above.</summary>
    internal const int MaxBytes = 1 << 20;

    private const int ActionBytes = 100;
    private const int PortBytes = 16;
    private const int TagBytes = 4;

    private readonly ClusterState _after = draft.State;
    private readonly HashSet<TaskId> _desired = [];
    private readonly Dictionary<TaskId, StoreAction> _stagedOnNew = [];
    private readonly ImmutableArray<StoreAction>.Builder _actions = ImmutableArray.CreateBuilder<StoreAction>(
        Math.Min(Planner.MaxActions, draft.Steps.Count + draft.Staged.Count));

    private int _bytes;
    private bool _calledOff;

    /// <summary>The folded actions, and whether something was left out.</summary>
    internal (ImmutableArray<StoreAction> Actions, bool Cut) Fold()
    {
        var staged = draft.Steps.Count == 0 ? draft.Staged : OfOldTasks(draft.Staged);
        foreach (var step in draft.Steps)
        {
            if (Folded(step) is { } action && !TryAdd(action))
            {
                return (_actions.DrainToImmutable(), true);
            }
        }

        foreach (var action in staged)
        {
            if (!TryAdd(action))
            {
                return (_actions.DrainToImmutable(), true);
            }
        }

        return (_actions.DrainToImmutable(), _calledOff);
    }

    /// <summary>What is left when that of new tasks is put aside for their creation.</summary>
    private List<StoreAction> OfOldTasks(IReadOnlyList<StoreAction> steps)
    {
        var old = new List<StoreAction>(steps.Count);
        foreach (var step in steps)
        {
            if (NewTask(step) is { } id)
            {
                _stagedOnNew[id] = step;
            }
            else
            {
                old.Add(step);
            }
        }

        return old;
    }

    private bool TryAdd(StoreAction action)
    {
        _bytes += Bytes(action);
        if (_bytes > MaxBytes || _actions.Count == Planner.MaxActions)
        {
            return false;
        }

        _actions.Add(action);
        return true;
    }

    private TaskId? NewTask(StoreAction step)
    {
        var id = step switch
        {
            StoreAction.AssignTask a => a.Id,
            StoreAction.ExplainTask a => a.Id,
            _ => throw new InvariantException($"an action of kind {step.GetType().Name} is not staged"),
        };
        return before.Tasks.ContainsKey(id) ? null : id;
    }

    private StoreAction? Folded(StoreAction step) => step switch
    {
        StoreAction.CreateTask a => Creation(a.Task.Id),
        StoreAction.AssignTask a => Stored(a.Id) ? a : null,
        StoreAction.ExplainTask a => Stored(a.Id) ? a : null,
        StoreAction.DeleteTask a => before.Tasks.ContainsKey(a.Id) ? a : null,
        StoreAction.SetDesiredState a => Stored(a.Id) && _desired.Add(a.Id)
            ? a with { Desired = _after.Tasks[a.Id].DesiredState }
            : null,
        StoreAction.SetUpdateStatus a => a with { Version = Version(a.Id) },
        StoreAction.SetServicePorts a => a with { Version = Version(a.Id) },
        StoreAction.RollBackService a => a with { Version = Version(a.Id) },
        _ => step,
    };

    private bool Stored(TaskId id) => before.Tasks.ContainsKey(id) && _after.Tasks.ContainsKey(id);

    private ulong Version(ServiceId id) => before.Services[id].Version;

    /// <summary>
    /// Without what Apply fills in by itself. What one step began and a later one called off never was: the state
    /// will differ from the one that was planned on, so the planner has to look again.
    /// </summary>
    private StoreAction.CreateTask? Creation(TaskId id)
    {
        if (_after.Tasks.Get(id) is { IsWanted: true } task)
        {
            return Creation(task);
        }

        _calledOff = true;
        return null;
    }

    private StoreAction.CreateTask Creation(TaskRecord task)
    {
        var staged = _stagedOnNew.GetValueOrDefault(task.Id);
        var assigned = staged as StoreAction.AssignTask;
        return new StoreAction.CreateTask(task with
        {
            NodeId = assigned?.Node ?? task.NodeId,
            HostPorts = assigned?.HostPorts ?? task.HostPorts,
            Generic = assigned?.Generic ?? task.Generic,
            CreatedAt = default,
            UpdatedAt = default,
            Version = 0,
            Status = new TaskStatusRecord
            {
                State = assigned is null ? task.Status.State : TaskState.Assigned,
                At = default,
                Error = assigned is not null ? ""
                    : staged is StoreAction.ExplainTask explained ? explained.Explanation
                    : task.Status.Error,
            },
        });
    }

    private static int Bytes(ImmutableArray<GenericResource> shares)
    {
        var bytes = 0;
        foreach (var share in shares)
        {
            bytes += share.CalculateSize() + TagBytes;
        }

        return bytes;
    }

    private static int Bytes(StoreAction action) => action switch
    {
        StoreAction.CreateTask a => ActionBytes + (a.Task.HostPorts.Length * PortBytes) + a.Task.Status.Error.Length
            + Bytes(a.Task.Generic),
        StoreAction.AssignTask a => ActionBytes + (a.HostPorts.Length * PortBytes) + Bytes(a.Generic),
        StoreAction.ExplainTask a => ActionBytes + a.Explanation.Length,
        StoreAction.SetServicePorts a => ActionBytes + (a.Ports.Length * PortBytes),
        _ => ActionBytes,
    };
}
