using Swarm.Model;

namespace Swarm.Store;

/// <summary>
/// A plan is made on one state and applied to a later one. What it rests on may have changed between: a node that was
/// held for lost is back and still runs what the plan replaces, one that was to take a task has shrunk, a task has
/// reported its end. Such parts of a plan are refused, and the planner looks again (invariants I7, I15, I16, I34).
/// Only entries that say what they were planned on are held to this.
/// </summary>
internal static class PlanRules
{
    /// <summary>A task goes to a node only as the planner saw it.</summary>
    internal static ActionOutcome? Place(StateDraft draft, NodeId node) =>
        draft.PlannedOn > 0 && draft.Node(node) is { } now && now.Version > draft.PlannedOn
            ? ActionOutcome.Conflict($"node {node}", draft.PlannedOn, now.Version)
            : null;

    /// <summary>A task comes or starts only beside the others of its slot as the planner saw them, and their
    /// nodes.</summary>
    internal static ActionOutcome? Start(StateDraft draft, TaskRecord task)
    {
        if (draft.PlannedOn == 0)
        {
            return null;
        }

        foreach (var other in draft.Before.TasksIn(task.Key))
        {
            if (other.Id == task.Id)
            {
                continue;
            }

            if (other.Version > draft.PlannedOn)
            {
                return ActionOutcome.Conflict($"task {other.Id}", draft.PlannedOn, other.Version);
            }

            if (other.Status.State is >= TaskState.Assigned and <= TaskState.Running
                && Place(draft, other.NodeId) is { } refused)
            {
                return refused;
            }
        }

        return null;
    }

    /// <summary>What is told to stop because of its node is let be when the node has changed.</summary>
    internal static ActionOutcome? Desire(StateDraft draft, TaskRecord task, TaskState desired) => desired switch
    {
        TaskState.Running or TaskState.Complete => Start(draft, task),
        TaskState.Shutdown when !task.NodeId.IsNone => Place(draft, task.NodeId),
        _ => null,
    };
}
