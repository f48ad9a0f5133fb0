using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>A slot that an update began to replace: its old task was well.</summary>
internal sealed record BegunSlot(TaskId Task, SlotKey Slot, ulong SpecVersion, TaskId Old);

/// <summary>
/// Which new tasks were made because of an update and not because their old task had ended or lost its node: what the
/// rules of updates are about. Checks nothing itself.
/// </summary>
internal sealed class UpdateBook(World world) : Checker(world, "updates")
{
    private readonly Dictionary<ServiceId, List<BegunSlot>> _begun = [];
    private readonly Dictionary<TaskId, TaskRecord> _planned = [];

    public IEnumerable<BegunSlot> Of(ServiceRecord service) =>
        _begun.GetValueOrDefault(service.Id, []).Where(b => b.SpecVersion == service.SpecVersion);

    /// <summary>
    /// The healthy old task that a new one of this slot replaces; null when it only fills a gap. An old one that no
    /// node had taken leaves a gap, too: replacing it takes nothing from anybody, and needs no parallelism.
    /// </summary>
    public static TaskRecord? Replaced(ClusterState state, TaskRecord created) =>
        state.Services.Get(created.ServiceId) is not { IsJob: false } service || IsAnotherTry(state, service, created)
            || state.TasksIn(created.Key).Any(t => t.IsWanted && IsLost(state, t))
            ? null
            : state.TasksIn(created.Key).LastOrDefault(t => t.IsLive && t.SpecVersion != created.SpecVersion
                && t.Status.State >= TaskState.Assigned
                && t.DesiredState == TaskState.Running && !IsLost(state, t));

    /// <summary>Its node was lost, emptied or changed under it: it has to leave, whatever updates there are.</summary>
    public static bool IsLost(ClusterState state, TaskRecord task) => task.Status.State >= TaskState.Assigned
        && (state.Nodes.Get(task.NodeId) is not { MustBeEmptied: false } node || !Fit.Admits(state.SpecOf(task), node)
            || IsCrowded(state, node));

    /// <summary>What a task that was planned is to replace: the state may move on until it is committed.</summary>
    public TaskRecord? PlannedFor(TaskId created) => _planned.GetValueOrDefault(created);

    public override void OnPlanned(Leader leader, ClusterState state, Plan plan)
    {
        _planned.Clear();
        foreach (var action in plan.Actions.OfType<StoreAction.CreateTask>())
        {
            if (Replaced(state, action.Task) is { } old)
                _planned[action.Task.Id] = old;
        }
    }

    public override void OnCommitted(Committed entry)
    {
        foreach (var (before, after) in entry.Result.Changes.Tasks)
        {
            if (before is null && after is not null && PlannedFor(after.Id) is { } old)
            {
                if (!_begun.TryGetValue(after.ServiceId, out var list))
                    _begun[after.ServiceId] = list = [];
                list.Add(new BegunSlot(after.Id, after.Key, after.SpecVersion, old.Id));
                World.Coverage.Count("slots updated");
            }
        }
    }

    /// <summary>The update has made one in this slot before.</summary>
    private static bool IsAnotherTry(ClusterState state, ServiceRecord service, TaskRecord created) =>
        service.Update is { IsRunning: true } update
        && state.TasksIn(created.Key)
            .Any(t => t.SpecVersion == created.SpecVersion && t.CreatedAt >= update.StartedAt);

    /// <summary>It reports less than is reserved on it: tasks have to leave.</summary>
    private static bool IsCrowded(ClusterState state, NodeRecord node)
    {
        var usage = state.UsageOf(node.Id);
        var has = node.Description?.Resources ?? new Resources();
        return usage.NanoCpus > has.NanoCpus || usage.MemoryBytes > has.MemoryBytes;
    }
}
