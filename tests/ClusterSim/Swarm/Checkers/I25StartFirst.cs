using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// Start-first: an update tells no healthy task to stop before its replacement runs. A global service leaves a node
/// where it does not belong any more at once, in the middle of an update too.
/// </summary>
internal sealed class I25StartFirst(World world, UpdateBook book) : Checker(world, "I25")
{
    public override void OnPlanned(Leader leader, ClusterState state, Plan plan)
    {
        foreach (var action in plan.Actions.OfType<StoreAction.SetDesiredState>())
        {
            if (action.Desired != TaskState.Shutdown || state.Tasks.Get(action.Id) is not { } old
                || old is not { IsLive: true, Status.State: TaskState.Running }
                || state.Services.Get(old.ServiceId) is not { Update.IsRunning: true } service
                || !Policies.Now(service).IsStartFirst()
                || plan.Actions.Any(a => a is StoreAction.RollBackService r && r.Id == service.Id))
                continue;
            var began = book.Of(service).LastOrDefault(b => b.Old == old.Id);
            if (began is null || state.Tasks.Get(began.Task) is not { } next)
                continue;
            var since = state.TasksIn(old.Key).Where(t => t.CreatedAt >= next.CreatedAt).ToList();
            var another = state.TasksIn(old.Key).Any(t => t != old && t.IsLive && t.Status.State == TaskState.Running);
            Require(
                another || since.Exists(t => t.Status.State >= TaskState.Running)
                    || UpdateBook.IsLost(state, old)
                    || (service.IsGlobal && !Fit.Admits(service.Spec, state.Nodes[old.NodeId])),
                () => $"{old.Id} of {old.ServiceId} has to stop before {next.Id} runs");
        }
    }
}
