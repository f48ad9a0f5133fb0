using Swarm.Model;

namespace Swarm.Store;

/// <summary>Leads each action to the rules of its kind of object.</summary>
internal static class ActionRules
{
    internal static ActionOutcome Apply(StateDraft draft, StoreAction action) => action switch
    {
        StoreAction.CreateTask a => TaskRules.Create(draft, a),
        StoreAction.AssignTask a => TaskRules.Assign(draft, a),
        StoreAction.SetDesiredState a => TaskRules.Desire(draft, a),
        StoreAction.ReportTaskStatus a => TaskRules.Report(draft, a),
        StoreAction.ExplainTask a => TaskRules.Explain(draft, a),
        StoreAction.DeleteTask a => TaskRules.Delete(draft, a),
        StoreAction.CreateService a => ServiceRules.Create(draft, a),
        StoreAction.UpdateServiceSpec a => ServiceRules.Update(draft, a),
        StoreAction.RollBackService a => ServiceRules.RollBack(draft, a),
        StoreAction.RemoveService a => ServiceRules.Remove(draft, a),
        StoreAction.DeleteService a => ServiceRules.Delete(draft, a),
        StoreAction.SetUpdateStatus a => ServiceRules.SetUpdate(draft, a),
        StoreAction.SetServicePorts a => ServiceRules.SetPorts(draft, a),
        StoreAction.CreateNode a => NodeRules.Create(draft, a),
        StoreAction.UpdateNodeSpec a => NodeRules.Update(draft, a),
        StoreAction.SetNodeStatus a => NodeRules.SetStatus(draft, a),
        StoreAction.SetNodeDescription a => NodeRules.Describe(draft, a),
        StoreAction.SetNodeRole a => NodeRules.SetRole(draft, a),
        StoreAction.RemoveNode a => NodeRules.Remove(draft, a),
        StoreAction.CreatePayload a => PayloadActions.Create(draft, a),
        StoreAction.UpdatePayloadSpec a => PayloadActions.Update(draft, a),
        StoreAction.RemovePayload a => PayloadActions.Remove(draft, a),
        StoreAction.SetCluster a => SetCluster(draft, a),
        _ => throw new InvariantException($"an action of kind {action.GetType().Name} has no rule"),
    };

    internal static ActionOutcome NotFound(string kind, string id) =>
        ActionOutcome.Refused(RefusalKind.NotFound, $"there is no {kind} {id}");

    private static ActionOutcome SetCluster(StateDraft draft, StoreAction.SetCluster action)
    {
        var (old, next) = (draft.Cluster, action.Cluster);
        if (old is not null && old.Id != next.Id)
        {
            return ActionOutcome.Refused(RefusalKind.AlreadyExists, $"this is cluster {old.Id} already");
        }

        if (old is not null && next.Version != 0 && next.Version != old.Version)
        {
            return ActionOutcome.Conflict("the cluster", next.Version, old.Version);
        }

        if (old is not null && (next.FormatVersion < old.FormatVersion || next.Epoch < old.Epoch))
        {
            return ActionOutcome.Refused(
                RefusalKind.IllegalTransition,
                $"format {old.FormatVersion} and epoch {old.Epoch} of the cluster never go back "
                + $"(to {next.FormatVersion} and {next.Epoch})");
        }

        draft.PutCluster(next with
        {
            Version = draft.Index,
            CreatedAt = old?.CreatedAt ?? draft.At,
            UpdatedAt = draft.At,
        });
        return ActionOutcome.Applied;
    }
}
