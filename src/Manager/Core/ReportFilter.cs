using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>What of a node's reports the log may take: of its own tasks, none going back (attacks.md AUTH-5).</summary>
internal static class ReportFilter
{
    internal static IReadOnlyList<StoreAction> Of(ClusterState state, NodeId node, StatusBatch batch)
    {
        var actions = new List<StoreAction>();
        foreach (var report in batch.Reports)
        {
            var task = state.Tasks.Get(new TaskId(report.TaskId));
            if (task is null || task.NodeId != node || report.Status is not { } status
                || !Enum.IsDefined((TaskState)status.State) || status.State == (int)TaskState.Remove
                || status.State < (int)task.Status.State || task.Status.State.IsTerminal())
            {
                continue;
            }

            actions.Add(new StoreAction.ReportTaskStatus(task.Id, Views.FromView(status)));
        }

        return actions;
    }
}
