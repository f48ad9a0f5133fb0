using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// What ended by itself starts again no earlier than its delay, no more often than its attempts, over any change of
/// leader; and not at all when only failures are to be tried again (I34).
/// </summary>
internal sealed class I33Restarts(World world) : Checker(world, "I33")
{
    private static readonly TimeSpan s_tolerance = TimeSpan.FromMilliseconds(150);
    private readonly Dictionary<SlotKey, (DateTimeOffset At, ulong Version, TaskId Task)> _ends = [];
    private readonly Dictionary<(SlotKey, ulong), ulong> _restarts = [];
    private readonly Dictionary<ServiceId, DateTimeOffset> _since = [];

    public override void OnEnded(SimWorker worker, SimContainer container, bool ordered)
    {
        if (World.State.Tasks.Get(container.Task) is not { } task)
            return;
        if (ordered || container.ExitCode is null || !task.IsWanted)
            _ends.Remove(task.Key);
        else
            _ends[task.Key] = (World.Now, task.SpecVersion, task.Id);
    }

    public override void OnStarted(SimWorker worker, SimContainer container)
    {
        if (World.State.Tasks.Get(container.Task) is not { } task || !_ends.Remove(task.Key, out var end)
            || World.State.Services.Get(task.ServiceId) is not { } service
            || World.State.Tasks.Get(end.Task) is not { } old || !EndWasTold(old)
            || end.Version != task.SpecVersion || task.SpecVersion != service.SpecVersion
            || old.CreatedAt < _since.GetValueOrDefault(service.Id)
            || TookOver(task, old))
        {
            return;
        }
        var delay = Policies.Delay(service.Spec);
        Require(
            World.Now - end.At >= delay - s_tolerance,
            () => $"slot {task.Key} starts {World.Now - end.At} after its end, the delay is {delay}");
    }

    public override void OnCommitted(Committed entry)
    {
        foreach (var (before, after) in entry.Result.Changes.Services)
        {
            if (after is not null && (before?.SpecVersion != after.SpecVersion
                || (after.Update is { IsRunning: true } && before.Update?.StartedAt != after.Update.StartedAt)))
                _since[after.Id] = entry.Entry.At;
        }
        foreach (var (before, after) in entry.Result.Changes.Tasks)
        {
            // Called off before any node had it, it was no try.
            if (after is null && before is { Status.State: < TaskState.Assigned }
                && _restarts.TryGetValue((before.Key, before.SpecVersion), out var tries) && tries > 0)
                _restarts[(before.Key, before.SpecVersion)] = tries - 1;
            if (before is not null || after is null
                || entry.Before.Services.Get(after.ServiceId) is not { } service
                || entry.Before.TasksIn(after.Key).LastOrDefault() is not { } last)
                continue;
            if (last.SpecVersion != after.SpecVersion || last.CreatedAt < _since.GetValueOrDefault(after.ServiceId))
            {
                // Attempts and delays count within one version (behaviour.md D); a rollback brings an old one back,
                // but begins anew as any other change does; so does a paused update that a user lets go on.
                _ends.Remove(after.Key);
                _restarts.Remove((after.Key, after.SpecVersion));
                continue;
            }
            if (last.Status.State is not (TaskState.Complete or TaskState.Failed or TaskState.Rejected)
                || last.DesiredState == TaskState.Remove)
                continue;
            var policy = service.Spec.Task.Restart ?? new RestartPolicy();
            var onFailure = service.IsJob || policy.Condition == RestartPolicy.Types.Condition.OnFailure;
            Require(
                !onFailure || last.Status.State != TaskState.Complete,
                () => $"{last.Id} of {after.ServiceId} ended well and is run again");
            Require(
                policy.Condition != RestartPolicy.Types.Condition.None,
                () => $"{last.Id} of {after.ServiceId} is run again, which its policy does not allow");
            var count = _restarts[(after.Key, after.SpecVersion)] =
                _restarts.GetValueOrDefault((after.Key, after.SpecVersion)) + 1;
            if (policy is { MaxAttempts: > 0, WindowNs: 0 })
                Require(
                    count <= policy.MaxAttempts,
                    () => $"slot {after.Key} is tried again for the {count}th time, {policy.MaxAttempts} is the limit");
        }
        foreach (var (before, after) in entry.Result.Changes.Tasks)
        {
            if (after?.DesiredState == TaskState.Remove)
                Forget(after);
            else if (after is null && before is not null && IsScaledAway(entry, before))
                Forget(before);
        }
    }

    /// <summary>
    /// Made before that end was told, it is no restart: it came to take over, from a drained node say; or it came in
    /// the place of such a one that had lost its own node.
    /// </summary>
    private bool TookOver(TaskRecord task, TaskRecord old) => task.CreatedAt < old.Status.AppliedAt
        || World.State.TasksIn(task.Key).Any(t => t.Id != old.Id && !EndWasTold(t)
            && t.CreatedAt > old.CreatedAt && t.CreatedAt < old.Status.AppliedAt);

    /// <summary>A node that was lost or drained meanwhile may never have told of it.</summary>
    private static bool EndWasTold(TaskRecord task) =>
        task.Status.State is TaskState.Complete or TaskState.Failed or TaskState.Rejected;

    /// <summary>Its slot went with the number of replicas, which need not be the last: one of that number later is
    /// another.</summary>
    private static bool IsScaledAway(Committed entry, TaskRecord task) =>
        entry.Result.State.Services.Get(task.ServiceId)?.Spec.Replicated is { } replicated
        && (ulong)entry.Before.SlotsOf(task.ServiceId).Count > replicated.Replicas
        && !entry.Result.State.TasksIn(task.Key).Any();

    private void Forget(TaskRecord task)
    {
        _ends.Remove(task.Key);
        _restarts.Remove((task.Key, task.SpecVersion));
    }
}
