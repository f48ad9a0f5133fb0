using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;
using Swarm.Worker.Core;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// Steps whose place among the others makes no difference, most of them once neither failure nor update can come
/// between: they are taken at once, or only after others. The design document says why each may be.
/// </summary>
internal static class QuietSteps
{
    /// <summary>Takes every step at once that nobody notices.</summary>
    public static ModelState Settle(ModelState state)
    {
        state = ModelLog.Sift(state);
        while (Next(state) is { } next)
            state = ModelLog.Sift(next);
        return state;
    }

    /// <summary>
    /// A plan is under way that says nothing about this slot: what its tasks do and the commit of the plan do not touch
    /// each other, whichever comes first.
    /// </summary>
    public static bool MayWait(ModelState state, SlotKey slot) =>
        state.IsLeftAlone && state.IsPlanUnderWay && !IsInPlan(state, slot);

    private static ModelState? Next(ModelState state)
    {
        foreach (var id in SmallModelCommand.Services)
        {
            var service = state.Cluster.Services[id];
            if (state.IsLeftAlone ? service.Update is { IsRunning: true } : state.IsUpdated(id))
                continue;
            foreach (var (slot, ids) in state.Cluster.SlotsOf(id))
            {
                if (IsDecided(state, service, slot) && Next(state, ids) is { } next)
                    return next;
            }
        }
        return null;
    }

    /// <summary>As long as something may fail only the start of a container.</summary>
    private static ModelState? Next(ModelState state, ImmutableArray<TaskId> slot)
    {
        foreach (var id in slot)
        {
            var task = state.Cluster.Tasks[id];
            if ((state.IsLeftAlone || ModelWorker.Next(state, task) == TaskStep.Start)
                && ModelWorker.Step(state, task) is { } next)
                return next;
        }
        return null;
    }

    /// <summary>
    /// One task of the slot is wanted, has been let go, is of the spec in force, on a node that is ready, and well:
    /// the planner is done with the slot, and the nodes do what they were told.
    /// </summary>
    private static bool IsDecided(ModelState state, ServiceRecord service, SlotKey slot)
    {
        TaskRecord? wanted = null;
        foreach (var task in state.Cluster.TasksIn(slot))
        {
            if (!task.IsWanted)
                continue;
            if (wanted is not null || !IsWell(state, service, task))
                return false;
            wanted = task;
        }
        return wanted is not null && !IsInPlan(state, slot);
    }

    private static bool IsWell(ModelState state, ServiceRecord service, TaskRecord task) =>
        task is { IsLive: true, DesiredState: TaskState.Running, Status.State: >= TaskState.Assigned }
        && task.SpecVersion == service.SpecVersion
        && state.Cluster.Nodes[task.NodeId].State == NodeStatus.Types.State.Ready
        && ModelWorker.Next(state, task) != TaskStep.ReportLost;

    private static bool IsInPlan(ModelState state, SlotKey slot)
    {
        foreach (var action in state.UnderWay)
        {
            var key = action switch
            {
                StoreAction.CreateTask a => a.Task.Key,
                StoreAction.SetDesiredState a => state.Cluster.Tasks.Get(a.Id)?.Key,
                StoreAction.AssignTask a => state.Cluster.Tasks.Get(a.Id)?.Key,
                StoreAction.ExplainTask a => state.Cluster.Tasks.Get(a.Id)?.Key,
                StoreAction.DeleteTask a => state.Cluster.Tasks.Get(a.Id)?.Key,
                _ => null,
            };
            if (key == slot)
                return true;
        }
        return false;
    }
}
