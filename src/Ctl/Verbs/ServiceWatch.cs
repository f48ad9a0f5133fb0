using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>How watching ended.</summary>
internal enum WatchEndKind
{
    Converged,

    /// <summary>Every task of a job ended well.</summary>
    Complete,
    Removed,
    Failed,
}

/// <summary>How watching ended, with what to say.</summary>
internal readonly record struct WatchEnd(WatchEndKind Kind, string Message);

/// <summary>One replica as the progress shows it.</summary>
internal readonly record struct SlotProgress(string Label, TaskState State, bool IsDone, string Error);

/// <summary>
/// Judges pictures of a service: which slots run the newest spec, whether an update is going on or has ended, and when
/// everything has become stable. Knows no clock and prints nothing.
/// </summary>
/// <param name="specVersion">Of the spec that the user's update made; 0 when there was none. An update can have failed
/// and been rolled back before the first picture of it comes.</param>
internal sealed class ServiceWatch(ulong specVersion = 0)
{
    private bool _sawUpdate;
    private bool _isManual;
    private string _blamed = "";

    /// <summary>Replicas (or nodes) that have to run.</summary>
    internal int Total { get; private set; }

    /// <summary>Those that run the newest spec.</summary>
    internal int Done { get; private set; }

    /// <summary>Every slot, in order.</summary>
    internal IReadOnlyList<SlotProgress> Slots { get; private set; } = [];

    /// <summary>An update's or rollback's own words; empty when none runs.</summary>
    internal string Headline { get; private set; } = "";

    /// <summary>Its tasks are to end: <see cref="Done"/> counts those that ended well.</summary>
    internal bool IsJob { get; private set; }

    /// <summary>Tasks of a job that are on their way now, and how many may be.</summary>
    internal (int Now, int Most) Active { get; private set; }

    /// <summary>A rollback is going on.</summary>
    internal bool IsRollback { get; private set; }

    /// <summary>
    /// The task whose failure stopped the update: the one that the update blames, else the one that failed last. It is
    /// remembered: a rollback may have removed it by the time that it is asked for.
    /// </summary>
    internal TaskView? FailedTask { get; private set; }

    /// <summary>All slots run and no update is under way.</summary>
    internal bool IsStable { get; private set; }

    /// <summary>Takes a picture in; non-null when there is nothing more to wait for.</summary>
    internal WatchEnd? Take(WatchServiceResponse picture)
    {
        if (picture.Service is null)
        {
            return new WatchEnd(WatchEndKind.Removed, "");
        }

        var service = picture.Service;
        Blame(picture);
        IsJob = service.Spec.IsJob();
        if (IsJob)
        {
            return TakeJob(new JobPicture(picture));
        }

        var state = service.UpdateStatus?.State ?? UpdateStatus.Types.State.Unspecified;
        IsRollback = state is UpdateStatus.Types.State.RollbackStarted or UpdateStatus.Types.State.RollbackPaused
            or UpdateStatus.Types.State.RollbackCompleted;
        Headline = IsRollback ? $"rollback: {service.UpdateStatus!.Message}" : "";
        Judge(picture, service);
        _isManual |= IsRollback && IsManual(service);
        var wasUpdating = _sawUpdate;
        _sawUpdate |= state is UpdateStatus.Types.State.Updating or UpdateStatus.Types.State.RollbackStarted;
        var isRunning = state is UpdateStatus.Types.State.Updating or UpdateStatus.Types.State.RollbackStarted;
        IsStable = Done == Total && !isRunning && !NeedsUpdate(picture);
        return state switch
        {
            UpdateStatus.Types.State.Paused =>
                new WatchEnd(WatchEndKind.Failed, $"update paused: {service.UpdateStatus!.Message}{LastError()}"),
            UpdateStatus.Types.State.RollbackPaused =>
                new WatchEnd(WatchEndKind.Failed, $"rollback paused: {service.UpdateStatus!.Message}{LastError()}"),
            UpdateStatus.Types.State.RollbackCompleted when WasUndone(service) || (wasUpdating && !_isManual) =>
                new WatchEnd(WatchEndKind.Failed, $"rolled back: {service.UpdateStatus!.Message}{LastError()}"),
            UpdateStatus.Types.State.Completed or UpdateStatus.Types.State.RollbackCompleted
                when wasUpdating && IsStable => new WatchEnd(WatchEndKind.Converged, ""),
            _ => null,
        };
    }

    /// <summary>The reason for not being done, for people.</summary>
    internal string Why()
    {
        var error = Slots.FirstOrDefault(s => !s.IsDone && s.Error.Length > 0);
        return (IsJob ? $"{Done} of {Total} tasks are complete" : $"{Done} of {Total} tasks run")
            + (error.Error is { Length: > 0 } ? $" ({error.Label}: {error.Error})" : "");
    }

    private WatchEnd? TakeJob(JobPicture job)
    {
        (Total, Done, Slots, Active) = (job.Total, job.Done, job.Slots, job.Active);
        IsStable = false;
        return job.Done == job.Total ? new WatchEnd(WatchEndKind.Complete, "")
            : job.IsGivenUp ? new WatchEnd(WatchEndKind.Failed, $"job failed: {Why()}{LastError()}")
            : null;
    }

    private bool WasUndone(ServiceView service) =>
        specVersion > 0 && service.PreviousSpecVersion == specVersion;

    private static bool IsManual(ServiceView service) =>
        service.UpdateStatus!.Message.Contains("manual", StringComparison.Ordinal);

    private void Judge(WatchServiceResponse picture, ServiceView service)
    {
        var isGlobal = service.Spec.ModeCase == ServiceSpec.ModeOneofCase.Global;
        Total = isGlobal ? (int)picture.EligibleNodes : (int)service.Spec.Replicas();
        var slots = picture.Tasks
            .Where(t => t.DesiredState <= (int)TaskState.Running)
            .GroupBy(t => isGlobal ? t.NodeId : $"{t.Slot:d10}")
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => g.OrderByDescending(t => t.SpecVersion).ThenByDescending(t => t.CreatedAtNs).First())
            .ToList();
        Slots = [.. slots.Select(
            (t, i) => Progress(t, isGlobal ? t.NodeHostname : $"{i + 1}/{Total}", picture))];
        Done = Slots.Count(s => s.IsDone);
    }

    private static SlotProgress Progress(
        TaskView task, string label, WatchServiceResponse picture)
    {
        var error = task.Status.Error.Length > 0
            ? task.Status.Error
            : picture.Tasks.Where(t => t.Slot == task.Slot && t.NodeId == task.NodeId && t.Status.Error.Length > 0)
                .OrderByDescending(t => t.CreatedAtNs).FirstOrDefault()?.Status.Error ?? "";
        var runs = task.Status.State == (int)TaskState.Running && task.DesiredState == (int)TaskState.Running;
        return new SlotProgress(
            label, (TaskState)task.Status.State, runs && !task.Outdated, runs ? "" : error);
    }

    /// <summary>The spec changed and the planner has not begun yet: the old tasks still run, nothing is
    /// stable.</summary>
    private static bool NeedsUpdate(WatchServiceResponse picture) =>
        picture.Tasks.Any(t => t.DesiredState <= (int)TaskState.Running && t.Outdated);

    private void Blame(WatchServiceResponse picture)
    {
        // "… due to failure or early termination of task ID"
        if (picture.Service.UpdateStatus?.Message is { } message
            && message.LastIndexOf("task ", StringComparison.Ordinal) is >= 0 and var at)
        {
            _blamed = message[(at + "task ".Length)..];
        }

        var failed = picture.Tasks.Where(t => IsFailed(t)).MaxBy(t => (t.Id == _blamed, t.Status.AtNs));
        if (failed is not null && (FailedTask is null || failed.Id == _blamed || FailedTask.Id != _blamed))
        {
            FailedTask = failed;
        }
    }

    private static bool IsFailed(TaskView task) => task.Status.Error.Length > 0
        || (TaskState)task.Status.State is TaskState.Failed or TaskState.Rejected;

    private string LastError() => FailedTask is not { } failed ? ""
        : $" ({failed.Name}{(failed.NodeHostname.Length > 0 ? " on " + failed.NodeHostname : "")}: "
            + $"{(failed.Status.Error.Length > 0 ? failed.Status.Error : failed.Status.Message)})";
}
