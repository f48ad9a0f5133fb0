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
        var next = slot.Wanted.FindLast(t => t != leaving && t.CreatedAt >= leaving.CreatedAt);
        if (next is null)
        {
            scope.Create(slot.Key, scope.Up, null);
        }
        else if (next.Status.State.IsTerminal())
        {
            Retry(scope, slot, next);
        }
        else if (next.Status.State == TaskState.Running && !scope.HasLostNode(next))
        {
            scope.Desire(leaving, TaskState.Shutdown);
        }
        else if (next.DesiredState == TaskState.Ready)
        {
            Start(scope, next);
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
        if (RestartRules.Allows(scope, slot, failed))
        {
            scope.Create(slot.Key, TaskState.Ready, RestartRules.StartOf(scope, failed));
        }
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
