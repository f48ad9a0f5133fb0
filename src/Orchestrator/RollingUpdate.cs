using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>
/// Brings slots to the spec in force, a few at a time (behaviour.md E). Stop-first prepares before it switches: the
/// old task is told to stop when the new one is ready to start, so pulling an image costs no downtime. All it knows
/// is in the records: which tasks of the new spec were made since the update began, and when they came to run.
/// </summary>
internal sealed class RollingUpdate(ServiceScope scope, List<Slot> slots)
{
    /// <summary>How long the switch waits for the new task to be prepared, in seconds.</summary>
    internal const int PrepareSeconds = 10;

    private readonly List<Slot> _todo = [];
    private readonly List<Slot> _switching = [];
    private readonly List<UpdateAttempt> _made = [];

    /// <summary>False when the update has just been stopped or turned round: nothing else may be done now.</summary>
    internal bool Judge()
    {
        Sort();
        switch (scope.Service.Update)
        {
            case { IsPaused: true }:
                Abandon();
                return true;
            case { IsRunning: true } when Planted.Has(PlantedBug.StuckUpdate)
                && _made.Exists(a => a.Task.Status.State.IsTerminal()):
                Abandon();
                return true;
            case { IsRunning: true } update:
                return !HasFailed(update) && !IsComplete(update);
            default:
                if (_todo.Count + _switching.Count > 0)
                {
                    SetStatus(UpdateStatus.Types.State.Updating, scope.Now, null, "update in progress");
                    return false;
                }

                return true;
        }
    }

    /// <summary>Moves slots on, but for those <paramref name="touched"/> by something else just now.</summary>
    internal void Advance(HashSet<Slot> touched)
    {
        if (scope.Service.Update is not { IsRunning: true }
            && !(scope.Service.Update is { IsPaused: true } && Planted.Has(PlantedBug.PauseIgnored)))
        {
            return;
        }

        foreach (var slot in _switching.Where(s => !touched.Contains(s)))
        {
            Switch(slot);
        }

        var (moving, waiting) = Busy();
        moving += BegunAgain(touched);
        foreach (var slot in _todo.Where(s => !touched.Contains(s))
            .OrderBy(s => s.IsRunning).ThenBy(s => s.Key.Slot).ThenBy(s => s.Key.Node))
        {
            // What no node has taken leaves a gap: to fill it takes nothing down, whatever others wait for.
            if (IsFree(IsGap(slot) ? moving : moving + waiting))
            {
                moving++;
                Begin(slot);
            }
            else if (Incumbent(slot) is { } old)
            {
                CallOff(slot, old);
            }
        }
    }

    private bool IsFree(int busy) =>
        scope.Policy.ParallelismOrDefault() is 0 || Planted.Has(PlantedBug.ParallelismExceeded)
        || (ulong)busy < scope.Policy.ParallelismOrDefault();

    private static bool IsGap(Slot slot) => slot.Wanted.TrueForAll(t => t.Status.State < TaskState.Assigned);

    private void Sort()
    {
        var started = scope.Service.Update?.StartedAt ?? scope.Now;
        foreach (var slot in slots)
        {
            var clean = slot.Wanted.Exists(t => !scope.IsDirty(t));
            var dirty = slot.Wanted.Exists(scope.IsDirty)
                || (slot.Wanted.Count == 0 && slot.Newest is { } last && scope.IsDirty(last));
            if (dirty)
            {
                (clean ? _switching : _todo).Add(slot);
            }

            if (scope.Service.Update is { IsRunning: true } && UpdateAttempt.In(scope, slot, started) is { } attempt)
            {
                _made.Add(attempt);
            }
        }
    }

    private bool HasFailed(UpdateStatusRecord update)
    {
        var monitor = scope.Policy.MonitorOrDefault();
        var failed = _made.FindAll(a => a.HasFailed(monitor));
        var total = _made.Count + _todo.Count(s => !_made.Exists(a => a.Task.Key == s.Key));
        var action = scope.Policy.FailureActionOrDefault();
        if (failed.Count == 0
            || Planted.Has(PlantedBug.FailureRatioIgnored)
            || action == UpdatePolicy.Types.FailureAction.Continue
            || failed.Count <= (scope.Policy?.MaxFailureRatio ?? 0) * total)
        {
            return false;
        }

        var task = failed.MinBy(a => (a.Task.Status.AppliedAt, a.Task.Id))!.Task.Id;
        if (update.IsRollback && !Planted.Has(PlantedBug.RollbackRolledBack))
        {
            SetStatus(
                UpdateStatus.Types.State.RollbackPaused, update.StartedAt, null,
                $"rollback paused due to failure or early termination of task {task}");
        }
        else if ((action == UpdatePolicy.Types.FailureAction.Rollback || update.IsRollback)
            && scope.Service.PreviousSpec is not null)
        {
            scope.Actions.Add(new StoreAction.RollBackService(
                scope.Service.Id, scope.Service.Version,
                $"update rolled back due to failure or early termination of task {task}"));
        }
        else
        {
            SetStatus(
                UpdateStatus.Types.State.Paused, update.StartedAt, null,
                $"update paused due to failure or early termination of task {task}");
        }

        return true;
    }

    private bool IsComplete(UpdateStatusRecord update)
    {
        if (_todo.Count + _switching.Count > 0 || _made.Exists(a => a.SettledAt is null)
            || slots.Exists(s => UpdateAttempt.IsToBeMadeAgain(scope, s, update.StartedAt)))
        {
            return false;
        }

        var quiet = _made.Count == 0 ? scope.Now : _made.Max(a => a.SettledAt!.Value) + scope.Policy.MonitorOrDefault();
        if (quiet > scope.Now && !Planted.Has(PlantedBug.MonitorIgnored))
        {
            scope.Wake(quiet);
            return false;
        }

        var rollback = update.IsRollback;
        SetStatus(
            rollback ? UpdateStatus.Types.State.RollbackCompleted : UpdateStatus.Types.State.Completed,
            update.StartedAt, scope.Now, rollback ? "rollback completed" : "update completed");
        return true;
    }

    /// <summary>Paused before the switch: the old task goes on, what was prepared for it is let go.</summary>
    private void Abandon()
    {
        foreach (var slot in _switching.Where(s => s.Wanted.Exists(
            t => t.DesiredState == TaskState.Running && scope.IsDirty(t) && !SlotKeeper.IsLost(scope, t))))
        {
            foreach (var task in slot.Wanted.Where(t => t.DesiredState == TaskState.Ready))
            {
                scope.Desire(task, TaskState.Shutdown);
            }
        }
    }

    private void Begin(Slot slot)
    {
        if (_made.Exists(a => a.Slot == slot && a.Task.Status.State.IsTerminal()))
        {
            // It was tried here, and the restart policy wants no other try: the old one ends, as after any switch.
            slot.Wanted.ForEach(t => scope.Desire(t, TaskState.Shutdown));
            return;
        }

        CallOff(slot, Incumbent(slot));
        scope.Create(slot.Key, TaskState.Ready, null);
    }

    /// <summary>What an update before this one had begun beside the old task must not come up any more.</summary>
    private void CallOff(Slot slot, TaskRecord? keep)
    {
        foreach (var task in slot.Wanted.Where(t => t != keep))
        {
            scope.Desire(task, TaskState.Shutdown);
        }
    }

    private void Switch(Slot slot)
    {
        var next = slot.Wanted.Last(t => !scope.IsDirty(t));
        var failedOnce = _made.Exists(a => a.Task.Key == slot.Key && a.Task.Status.State.IsTerminal());
        var startFirst = scope.Policy.IsStartFirst() && !Planted.Has(PlantedBug.StartFirstIgnored);
        var mayStop = failedOnce || (startFirst ? IsRunning(next) : IsPrepared(next));
        var keep = mayStop ? null : Incumbent(slot);
        foreach (var task in slot.Wanted.Where(t => t != keep && scope.IsDirty(t)))
        {
            scope.Desire(task, TaskState.Shutdown);
        }
    }

    /// <summary>
    /// The one old task that serves until the switch. What an update before this one had begun beside it is of no
    /// use any more, nor what no node has taken.
    /// </summary>
    private TaskRecord? Incumbent(Slot slot) =>
        slot.Wanted.FindLast(t => scope.IsDirty(t) && t.Status.State == TaskState.Running)
        ?? slot.Wanted.FindLast(t => scope.IsDirty(t) && t.DesiredState == TaskState.Running
            && t.Status.State >= TaskState.Assigned);

    private static bool IsRunning(TaskRecord task) => task.Status.State >= TaskState.Running;

    /// <summary>
    /// Ready to start, or waiting for what the old one holds (its node's memory, its host port). What no node may
    /// take at all does not bring the old one down.
    /// </summary>
    private bool IsPrepared(TaskRecord task)
    {
        if (task.Status.State < TaskState.Assigned && task.Status.Error.Length > 0)
        {
            return Explanation.IsForWantOfRoom(task.Status.Error);
        }

        var bound = task.CreatedAt + TimeSpan.FromSeconds(PrepareSeconds);
        if (task.Status.State >= TaskState.Ready || bound <= scope.Now)
        {
            return true;
        }

        scope.Wake(bound);
        return false;
    }

    /// <summary>
    /// Slots that are being updated, or were until a delay ago, and those whose new task waits for a place that their
    /// old one left.
    /// </summary>
    private (int Moving, int Waiting) Busy()
    {
        var delay = SpecDefaults.FromNs(scope.Policy?.DelayNs ?? 0);
        var (moving, waiting) = (0, 0);
        foreach (var attempt in _made)
        {
            if (attempt.SettledAt is not { } settled)
            {
                moving += attempt.Waits ? 0 : 1;
                waiting += attempt.Waits && !attempt.TookNothing ? 1 : 0;
            }
            else if (settled + delay > scope.Now && !Planted.Has(PlantedBug.UpdateDelayIgnored))
            {
                moving++;
                scope.Wake(settled + delay);
            }
        }

        return (moving, waiting);
    }

    /// <summary>
    /// Slots whose task of this update was told to leave before it ran, as on a node that has shrunk, and that have got
    /// another just now or will get it when that one has stopped: none of their tasks is an attempt, but they are being
    /// updated still.
    /// </summary>
    private int BegunAgain(HashSet<Slot> touched)
    {
        var made = touched.Count == 0
            ? []
            : scope.Actions.OfType<StoreAction.CreateTask>().Select(a => a.Task.Key).ToHashSet();
        var started = scope.Service.Update?.StartedAt ?? scope.Now;
        // Few slots get as far as the search for an attempt: it goes through all of them.
        return slots.Count(s =>
            ((touched.Contains(s) && made.Contains(s.Key)) || UpdateAttempt.IsToBeMadeAgain(scope, s, started))
            && !_made.Exists(a => a.Slot == s));
    }

    private void SetStatus(
        UpdateStatus.Types.State state, DateTimeOffset started, DateTimeOffset? completed, string message) =>
        scope.Actions.Add(new StoreAction.SetUpdateStatus(
            scope.Service.Id, scope.Service.Version, new UpdateStatusRecord(state, started, completed, message)));
}
