using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>After too many failures no further slot is begun; a paused update begins none at all (I28).</summary>
internal sealed class I27FailureRatio(World world, UpdateBook book) : Checker(world, "I27")
{
    public override void OnPlanned(Leader leader, ClusterState state, Plan plan)
    {
        foreach (var id in plan.Actions.OfType<StoreAction.CreateTask>()
            .Where(a => UpdateBook.Replaced(state, a.Task) is not null).Select(a => a.Task.ServiceId).Distinct())
        {
            if (plan.Actions.Any(a => a is StoreAction.RollBackService r && r.Id == id))
                continue;
            var service = state.Services[id];
            Require(
                service.Update is not { IsPaused: true },
                () => $"{id} is {service.Update!.State}, and a slot is begun");
            var policy = Policies.Now(service);
            if (policy.FailureActionOrDefault() == UpdatePolicy.Types.FailureAction.Continue
                || service.Update is not { IsRunning: true } update)
                continue;
            var begun = book.Of(service).Select(b => state.Tasks.Get(b.Task))
                .Where(t => t is not null && t.CreatedAt >= update.StartedAt).ToList();
            var failed = begun.Count(t => HasFailed(state, t!, policy.MonitorOrDefault()));
            var slots = Math.Max((ulong)begun.Count, SlotsOf(state, service));
            Require(
                failed <= policy.MaxFailureRatio * slots + 0.001,
                () => $"{id}: {failed} of at most {slots} have failed, {policy.MaxFailureRatio} is the limit, "
                    + "and another slot is begun");
        }
    }

    private static bool HasFailed(ClusterState state, TaskRecord task, TimeSpan monitor) =>
        task.Status.State is TaskState.Complete or TaskState.Failed or TaskState.Rejected
        && (state.RunningSince(task) is not { } since || task.Status.AppliedAt - since <= monitor);

    private static ulong SlotsOf(ClusterState state, ServiceRecord service) =>
        (ulong)state.TasksOf(service.Id).Select(t => t.Key).Distinct().Count();
}
