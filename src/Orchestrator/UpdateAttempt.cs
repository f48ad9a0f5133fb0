using Swarm.Model;

namespace Swarm.Orchestrator;

/// <summary>The first task that an update made in a slot and did not call off: what came of it counts.</summary>
internal sealed record UpdateAttempt(TaskRecord Task, DateTimeOffset? RanSince, Slot Slot)
{
    /// <summary>The update before made it. When it ends, the one in its place is the attempt.</summary>
    private bool IsOlder { get; init; }

    /// <summary>When it came to run, or ended without.</summary>
    internal DateTimeOffset? SettledAt => !Task.Status.State.IsTerminal() ? RanSince
        : IsOlder ? null
        : RanSince ?? Task.Status.AppliedAt;

    /// <summary>No node takes it.</summary>
    internal bool Waits => Task.Status is { State: < TaskState.Assigned, Error.Length: > 0 };

    /// <summary>
    /// Nothing ran in its slot when it was made: it has cost nobody anything, and while it waits for room on its node
    /// it must not keep an update from all the others.
    /// </summary>
    internal bool TookNothing => !Slot.Tasks.Any(t => t != Task && IsTaken(t));

    /// <summary>The attempt of an update that began at a time; null when there is none.</summary>
    internal static UpdateAttempt? In(ServiceScope scope, Slot slot, DateTimeOffset started)
    {
        var first = slot.Tasks.FirstOrDefault(t => t.SpecVersion == scope.Service.SpecVersion
            && t.CreatedAt >= started && !WasCalledOff(scope, t));
        if (first is not null)
        {
            return new UpdateAttempt(first, scope.State.RunningSince(first), slot);
        }

        // One that the update before began and that is as this one wants it: its slot is being updated still.
        return slot.Wanted.Find(t => !scope.IsDirty(t) && IsUnderWay(scope, t, started)) is { } begun
            && slot.Tasks.Any(t => t.CreatedAt < begun.CreatedAt && scope.IsDirty(t))
            && new UpdateAttempt(begun, scope.State.RunningSince(begun), slot) is { TookNothing: false } attempt
                ? attempt with { IsOlder = true }
                : null;
    }

    /// <summary>The one that was made was called off, as on a node that shrank, and another takes its place.</summary>
    internal static bool IsToBeMadeAgain(ServiceScope scope, Slot slot, DateTimeOffset started) =>
        slot.Wanted.Count == 0
        && slot.Newest is { } last && last.CreatedAt >= started && WasCalledOff(scope, last)
        && (last.DesiredState == TaskState.Remove || RestartRules.Allows(scope, slot, last));

    /// <summary>It ended by itself before it had run for the whole monitor period.</summary>
    internal bool HasFailed(TimeSpan monitor) =>
        RestartRules.EndedByItself(Task) && (RanSince is not { } since || Task.Status.AppliedAt - since <= monitor);

    private static bool IsUnderWay(ServiceScope scope, TaskRecord task, DateTimeOffset started) =>
        task.Status.State.IsTerminal() || scope.State.RunningSince(task) is not { } since || since >= started;

    private bool IsTaken(TaskRecord old) => old.Status.State.IsTerminal()
        ? old.Status.AppliedAt >= Task.CreatedAt
        : old.Status.State >= TaskState.Assigned;

    /// <summary>
    /// Told to stop before it ever ran: it says nothing about the new spec, and one whose node died never tells how it
    /// ended. The next one in its slot is the attempt.
    /// </summary>
    private static bool WasCalledOff(ServiceScope scope, TaskRecord task) =>
        !task.IsWanted && !RestartRules.EndedByItself(task) && scope.State.RunningSince(task) is null;
}
