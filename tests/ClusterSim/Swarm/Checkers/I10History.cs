using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// Ended tasks are kept to the limit and no further; only what has ended or never ran is deleted; and what restart
/// attempts are counted from stays.
/// </summary>
internal sealed class I10History(World world) : Checker(world, "I10")
{
    public override void OnCommitted(Committed entry)
    {
        foreach (var (before, after) in entry.Result.Changes.Tasks)
        {
            if (after is not null || before is null)
                continue;
            var node = entry.After.Nodes.Get(before.NodeId);
            var service = entry.After.Services.Get(before.ServiceId);
            Require(
                !before.IsLive || before.Status.State < TaskState.Assigned || node is not { MustBeEmptied: false },
                () => $"task {before.Id} is wanted and deleted");
            if (service is null or { Removing: true } || before.DesiredState == TaskState.Remove
                || before.Status.State < TaskState.Assigned || (before.Slot == 0 && node is null) || service.IsJob
                || !entry.After.TasksIn(before.Key).Any(t => t.IsLive) || HasSurplus(entry.After, service))
                continue;
            // One that was made and called off within the plan may have been counted.
            var kept = entry.After.TasksIn(before.Key).Count();
            var least = Math.Min(Limit(service), Limit(entry.Before.Services[before.ServiceId])) - 1;
            Require(kept >= least, () => $"slot {before.Key} keeps {kept} tasks, {least} are needed");
        }
    }

    public override void OnCalm()
    {
        foreach (var slot in World.State.Tasks.Values.GroupBy(t => t.Key))
        {
            var most = Limit(World.State.Services[slot.Key.ServiceId]);
            Require(slot.Count() <= most + 1, () => $"slot {slot.Key} keeps {slot.Count()} tasks, {most} is the limit");
        }
    }

    /// <summary>
    /// A slot that the service does not want any more goes with its history. Its last task may stay for a moment: the
    /// part of the plan that deletes it is refused when its node came back meanwhile.
    /// </summary>
    private static bool HasSurplus(ClusterState state, ServiceRecord service) =>
        service.Spec.ModeCase == ServiceSpec.ModeOneofCase.Replicated
        && (ulong)state.TasksOf(service.Id).Where(t => t.IsLive).Select(t => t.Slot).Distinct().Count()
            > service.Spec.Replicas();

    private static int Limit(ServiceRecord service)
    {
        var attempts = service.Spec.Task.Restart?.MaxAttempts ?? 0;
        return attempts == 0 ? SpecDefaults.TaskHistoryLimit
            : Math.Max(SpecDefaults.TaskHistoryLimit, (int)attempts + 1);
    }
}
