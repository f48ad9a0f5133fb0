using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Orchestrator;

/// <summary>
/// A drained node and a service that is updated start-first: the replacement runs before the old task is told to
/// stop. Stop-first services, global ones and jobs leave at once.
/// </summary>
internal static class DrainRules
{
    /// <summary>The task is well, only its node is to be emptied, and the service wants no gap.</summary>
    internal static bool Leaves(ServiceScope scope, TaskRecord task) =>
        scope.Service is { IsGlobal: false, IsJob: false }
        && scope.Policy.IsStartFirst()
        && task is { IsLive: true, DesiredState: TaskState.Running, Status.State: TaskState.Running }
        && scope.NodeOf(task) is
        {
            State: not NodeStatus.Types.State.Down, Availability: NodeSpec.Types.Availability.Drain,
        }
        && !scope.IsMisplaced(task);

    /// <summary>Makes the replacement, or lets the old one go when it runs.</summary>
    internal static void Step(ServiceScope scope, Slot slot, TaskRecord leaving)
    {
        // An update had just brought it up beside these: it runs, so they go now as they would have anyway.
        foreach (var older in slot.Wanted.Where(t => t != leaving && t.CreatedAt < leaving.CreatedAt))
        {
            scope.Desire(older, TaskState.Shutdown);
        }

        var next = slot.Wanted.FindLast(t => t != leaving && t.CreatedAt >= leaving.CreatedAt);
        if (next is null)
        {
            Begin(scope, slot, leaving);
        }
        else if (next.Status.State.IsTerminal())
        {
            Retry(scope, slot, next);
        }
        else if (scope.HasLostNode(next))
        {
            // Its own node was lost or is to be emptied as well: whatever it has come to, another takes its place.
            scope.Desire(next, TaskState.Shutdown);
            scope.Create(slot.Key, scope.Up, null);
        }
        else if (next.Status.State == TaskState.Running)
        {
            scope.Desire(leaving, TaskState.Shutdown);
        }
        else if (next.DesiredState == TaskState.Ready)
        {
            Start(scope, next);
        }
    }

    /// <summary>
    /// A new task beside the old one. When others were tried there and the restart policy wants no further try, the old
    /// one goes without: its node is to be emptied, and nothing will come to take over.
    /// </summary>
    private static void Begin(ServiceScope scope, Slot slot, TaskRecord leaving)
    {
        var tried = slot.Tasks.LastOrDefault(t => t.CreatedAt > leaving.CreatedAt
            && t.SpecVersion == scope.Service.SpecVersion && RestartRules.EndedByItself(t));
        if (tried is null)
        {
            scope.Create(slot.Key, scope.Up, null);
        }
        else if (!TryAgain(scope, slot, tried))
        {
            scope.Desire(leaving, TaskState.Shutdown);
        }
    }

    /// <summary>The old one goes on meanwhile.</summary>
    private static void Retry(ServiceScope scope, Slot slot, TaskRecord failed)
    {
        if (failed.StartNotBefore is { } due && due > scope.Now)
        {
            scope.Wake(due);
            return;
        }

        scope.Desire(failed, TaskState.Shutdown);
        TryAgain(scope, slot, failed);
    }

    /// <summary>False when the restart policy wants no other try.</summary>
    private static bool TryAgain(ServiceScope scope, Slot slot, TaskRecord failed)
    {
        if (!RestartRules.Allows(scope, slot, failed))
        {
            return false;
        }

        scope.Create(slot.Key, TaskState.Ready, RestartRules.StartOf(scope, failed));
        return true;
    }

    private static void Start(ServiceScope scope, TaskRecord next)
    {
        if (next.StartNotBefore is { } start && start > scope.Now)
        {
            scope.Wake(start);
            return;
        }

        scope.Desire(next, scope.Up);
    }
}
