using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>
/// Many small steps as few actions: what happened to a task after its creation goes into its creation, and only the
/// last desired state counts. Versions are those of the state that was planned on.
/// </summary>
internal sealed class PlanFolding(ClusterState before, ClusterState after)
{
    /// <summary>Of the plan's entry, in bytes; estimated from above.</summary>
    internal const int MaxBytes = 1 << 20;

    private const int ActionBytes = 100;
    private const int PortBytes = 16;

    private readonly HashSet<TaskId> _desired = [];
    private readonly ImmutableArray<StoreAction>.Builder _actions = ImmutableArray.CreateBuilder<StoreAction>();
    private int _bytes;
    private bool _calledOff;

    /// <summary>The folded actions, and whether something was left out.</summary>
    internal (ImmutableArray<StoreAction> Actions, bool Cut) Fold(IEnumerable<StoreAction> steps)
    {
        foreach (var step in steps)
        {
            if (Folded(step) is not { } action)
            {
                continue;
            }

            _bytes += Bytes(action);
            if (_bytes > MaxBytes || _actions.Count == Planner.MaxActions)
            {
                return (_actions.ToImmutable(), true);
            }

            _actions.Add(action);
        }

        return (_actions.ToImmutable(), _calledOff);
    }

    private StoreAction? Folded(StoreAction step) => step switch
    {
        StoreAction.CreateTask a => Creation(a.Task.Id),
        StoreAction.AssignTask a => Stored(a.Id) ? a : null,
        StoreAction.ExplainTask a => Stored(a.Id) ? a : null,
        StoreAction.DeleteTask a => before.Tasks.ContainsKey(a.Id) ? a : null,
        StoreAction.SetDesiredState a => Stored(a.Id) && _desired.Add(a.Id)
            ? a with { Desired = after.Tasks[a.Id].DesiredState }
            : null,
        StoreAction.SetUpdateStatus a => a with { Version = Version(a.Id) },
        StoreAction.SetServicePorts a => a with { Version = Version(a.Id) },
        StoreAction.RollBackService a => a with { Version = Version(a.Id) },
        _ => step,
    };

    private bool Stored(TaskId id) => before.Tasks.ContainsKey(id) && after.Tasks.ContainsKey(id);

    private ulong Version(ServiceId id) => before.Services[id].Version;

    /// <summary>
    /// Without what Apply fills in by itself. What one step began and a later one called off never was: the state
    /// will differ from the one that was planned on, so the planner has to look again.
    /// </summary>
    private StoreAction.CreateTask? Creation(TaskId id)
    {
        if (after.Tasks.Get(id) is { IsWanted: true } task)
        {
            return Creation(task);
        }

        _calledOff = true;
        return null;
    }

    private static StoreAction.CreateTask Creation(TaskRecord task) => new(task with
    {
        CreatedAt = default,
        UpdatedAt = default,
        Version = 0,
        Status = new TaskStatusRecord { State = task.Status.State, At = default, Error = task.Status.Error },
    });

    private static int Bytes(StoreAction action) => action switch
    {
        StoreAction.CreateTask a => ActionBytes + (a.Task.HostPorts.Length * PortBytes) + a.Task.Status.Error.Length,
        StoreAction.AssignTask a => ActionBytes + (a.HostPorts.Length * PortBytes),
        StoreAction.ExplainTask a => ActionBytes + a.Explanation.Length,
        StoreAction.SetServicePorts a => ActionBytes + (a.Ports.Length * PortBytes),
        _ => ActionBytes,
    };
}
