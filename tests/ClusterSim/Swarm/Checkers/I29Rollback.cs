using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>A rollback brings back the spec before, and only a user turns a rollback round.</summary>
internal sealed class I29Rollback(World world) : Checker(world, "I29")
{
    public override void OnCommitted(Committed entry)
    {
        for (var i = 0; i < entry.Entry.Actions.Length; i++)
        {
            if (entry.Entry.Actions[i] is not StoreAction.RollBackService action
                || !entry.Result.Outcomes[i].IsApplied || entry.Before.Services.Get(action.Id) is not { } before)
                continue;
            if (entry.Origin == Origin.Planner)
                Require(
                    UpdateAt(entry, i, before) is { IsRollback: false },
                    () => $"a rollback of {action.Id} is rolled back");
            var after = entry.After.Services[action.Id];
            Require(Equals(after.Spec, before.PreviousSpec), () => $"{action.Id} is rolled back to another spec");
            Require(
                after.Update is null || after.Update.IsRollback || entry.Origin == Origin.User,
                () => $"{action.Id} is rolled back and {after.Update!.State}");
        }
    }

    /// <summary>What is rolled back: the same plan may have begun it, where a user wrote another spec just
    /// before.</summary>
    private static UpdateStatusRecord? UpdateAt(Committed entry, int index, ServiceRecord before)
    {
        var update = before.Update;
        for (var i = 0; i < index; i++)
        {
            update = entry.Entry.Actions[i] switch
            {
                StoreAction.SetUpdateStatus a when a.Id == before.Id => a.Status,
                // Nothing is rolled back twice in one plan.
                StoreAction.RollBackService a when a.Id == before.Id => null,
                _ => update,
            };
        }
        return update;
    }
}
