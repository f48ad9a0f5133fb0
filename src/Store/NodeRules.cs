using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>What may happen to a node.</summary>
internal static class NodeRules
{
    internal static ActionOutcome Create(StateDraft draft, StoreAction.CreateNode action)
    {
        if (draft.Node(action.Node.Id) is not null)
        {
            return ActionOutcome.Refused(RefusalKind.AlreadyExists, $"node {action.Node.Id} exists");
        }

        var pieces = Subnets.Pieces(draft.Cluster?.Spec);
        var index = Subnets.LowestFree(draft.NetworkIndexes, pieces);
        if (index == 0)
        {
            return ActionOutcome.Refused(
                RefusalKind.Exhausted,
                $"the address pool has subnets for {pieces - 1} nodes and all are taken; remove nodes that are gone");
        }

        draft.PutNode(action.Node with
        {
            NetworkIndex = index,
            Version = draft.Index,
            CreatedAt = draft.At,
            UpdatedAt = draft.At,
            StateChangedAt = draft.At,
        });
        return ActionOutcome.Applied;
    }

    internal static ActionOutcome Update(StateDraft draft, StoreAction.UpdateNodeSpec action)
    {
        if (draft.Node(action.Id) is not { } node)
        {
            return ActionRules.NotFound("node", action.Id.ToString());
        }

        if (action.Version != 0 && action.Version != node.Version && node.Version != draft.Index)
        {
            return ActionOutcome.Conflict($"node {node.Hostname}", action.Version, node.Version);
        }

        return Put(draft, node, node with { Spec = node.Spec.Equals(action.Spec) ? node.Spec : action.Spec });
    }

    internal static ActionOutcome SetStatus(StateDraft draft, StoreAction.SetNodeStatus action) =>
        draft.Node(action.Id) is not { } node
            ? ActionRules.NotFound("node", action.Id.ToString())
            : Put(draft, node, node with
            {
                State = action.State,
                StateMessage = action.Message,
                Address = action.Address.Length > 0 ? action.Address : node.Address,
                StateChangedAt = action.State == node.State ? node.StateChangedAt : draft.At,
            });

    internal static ActionOutcome Describe(StateDraft draft, StoreAction.SetNodeDescription action) =>
        draft.Node(action.Id) is not { } node
            ? ActionRules.NotFound("node", action.Id.ToString())
            : Put(draft, node, node with
            {
                Description = action.Description.Equals(node.Description) ? node.Description : action.Description,
            });

    internal static ActionOutcome SetRole(StateDraft draft, StoreAction.SetNodeRole action) =>
        draft.Node(action.Id) is not { } node
            ? ActionRules.NotFound("node", action.Id.ToString())
            : Put(draft, node, node with { Role = action.Role });

    internal static ActionOutcome Remove(StateDraft draft, StoreAction.RemoveNode action)
    {
        if (draft.Node(action.Id) is not { } node)
        {
            return ActionRules.NotFound("node", action.Id.ToString());
        }

        if (node.Role == NodeRole.Manager)
        {
            return ActionOutcome.Refused(
                RefusalKind.FailedPrecondition,
                $"node {node.Hostname} is a cluster manager and is a member of the raft cluster. "
                + "It must be demoted to worker before removal");
        }

        foreach (var id in draft.TasksOn(action.Id))
        {
            Orphan(draft, draft.Task(id)!);
        }

        draft.DropNode(node);
        return ActionOutcome.Applied;
    }

    /// <summary>Nobody will ever report on it again.</summary>
    private static void Orphan(StateDraft draft, TaskRecord task)
    {
        if (task.Status.State.IsTerminal())
        {
            return;
        }

        var desired = task.DesiredState < TaskState.Shutdown ? TaskState.Shutdown : task.DesiredState;
        var status = task.Status.State < TaskState.Assigned
            ? task.Status
            : task.Status with
            {
                State = TaskState.Orphaned,
                At = draft.At,
                AppliedAt = draft.At,
                Message = TaskMessages.Of(TaskState.Orphaned),
            };
        draft.PutTask(task, TaskRules.Stamped(draft, task with { DesiredState = desired, Status = status }));
    }

    private static ActionOutcome Put(StateDraft draft, NodeRecord old, NodeRecord next)
    {
        if (next != old)
        {
            draft.PutNode(next with { Version = draft.Index, UpdatedAt = draft.At });
        }

        return ActionOutcome.Applied;
    }
}
