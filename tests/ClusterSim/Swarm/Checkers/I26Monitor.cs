using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// An update is complete only when its last task was watched for the monitor period. What lies on a node that is down
/// or paused does not hold it up (I32): it may not even run. Nor does what this very plan ends for good, as on a node
/// where the service does not belong any more.
/// </summary>
internal sealed class I26Monitor(World world, UpdateBook book) : Checker(world, "I26")
{
    private static readonly TimeSpan s_tolerance = TimeSpan.FromMilliseconds(120);

    public override void OnPlanned(Leader leader, ClusterState state, Plan plan)
    {
        foreach (var action in plan.Actions.OfType<StoreAction.SetUpdateStatus>())
        {
            if (action.Status?.State is not (UpdateStatus.Types.State.Completed
                    or UpdateStatus.Types.State.RollbackCompleted)
                || state.Services.Get(action.Id) is not { } service
                || plan.Actions.Any(a => a is StoreAction.RollBackService r && r.Id == action.Id))
                continue;
            var monitor = Policies.Now(service).MonitorOrDefault();
            foreach (var begun in book.Of(service))
            {
                if (state.Tasks.Get(begun.Task) is not { IsWanted: true } task
                    || task.CreatedAt < service.Update!.StartedAt
                    || EndsForGood(plan, task)
                    || (!task.NodeId.IsNone && state.Nodes.Get(task.NodeId) is not { IsSchedulable: true }))
                    continue;
                var settled = I24Parallelism.SettledAt(state, task);
                Require(
                    settled is not null && settled + monitor - s_tolerance <= leader.Now,
                    () => $"{action.Id} is {action.Status.State} at {leader.Now:mm:ss.fff}, {task.Id} runs since "
                        + $"{settled:mm:ss.fff} and is to be watched for {monitor}");
            }
        }
    }

    private static bool EndsForGood(Plan plan, TaskRecord task) =>
        plan.Actions.Any(a => a is StoreAction.SetDesiredState { Desired: >= TaskState.Shutdown } stop
            && stop.Id == task.Id)
        && !plan.Actions.Any(a => a is StoreAction.CreateTask made && made.Task.Key == task.Key);
}
