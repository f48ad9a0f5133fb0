using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// Slots that are being replaced are never more than the parallelism, and one counts until its delay is over (I26).
/// What lies on a node that was lost or paused does not hold an update up (I32).
/// </summary>
internal sealed class I24Parallelism(World world, UpdateBook book) : Checker(world, "I24")
{
    private static readonly TimeSpan s_tolerance = TimeSpan.FromMilliseconds(120);

    public override void OnPlanned(Leader leader, ClusterState state, Plan plan)
    {
        foreach (var group in plan.Actions.OfType<StoreAction.CreateTask>()
            .Where(a => UpdateBook.Replaced(state, a.Task) is not null).GroupBy(a => a.Task.ServiceId))
        {
            if (plan.Actions.Any(a => a is StoreAction.RollBackService r && r.Id == group.Key))
                continue;
            var service = state.Services[group.Key];
            var policy = Policies.Now(service);
            var parallelism = policy.ParallelismOrDefault();
            if (parallelism == 0)
                continue;
            var delay = SpecDefaults.FromNs(policy.DelayNs);
            var started = service.Update?.StartedAt ?? leader.Now;
            var busy = book.Of(service).Count(b => state.Tasks.Get(b.Task) is { IsWanted: true } task
                && task.CreatedAt >= started
                && (task.NodeId.IsNone || state.Nodes.Get(task.NodeId) is { IsSchedulable: true })
                && (SettledAt(state, task) is not { } at || at + delay - s_tolerance > leader.Now));
            Require(
                (ulong)(busy + group.Count()) <= parallelism,
                () => $"{group.Key}: {busy} slots are being updated and {group.Count()} more are begun, "
                    + $"{parallelism} is the limit");
        }
    }

    internal static DateTimeOffset? SettledAt(ClusterState state, TaskRecord task) =>
        state.RunningSince(task) ?? (task.Status.State.IsTerminal() ? task.Status.AppliedAt : null);
}
