using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>A job runs no slot that is done, no more slots than it has, no more at a time than it may (I8).</summary>
internal sealed class JobCompletions(World world) : Checker(world, "job")
{
    public override void OnCommitted(Committed entry)
    {
        foreach (var created in entry.Result.Changes.Tasks.Where(t => t.Before is null && t.After is not null))
        {
            var task = created.After!;
            if (entry.After.Services.Get(task.ServiceId) is not { IsJob: true, Removing: false } service)
                continue;
            var current = entry.After.TasksOf(service.Id).Where(t => t.SpecVersion >= service.JobSpecVersion).ToList();
            Require(
                !current.Exists(t => t.Key == task.Key && t.Status.State == TaskState.Complete),
                () => $"slot {task.Key} is done and runs again");
            if (service.IsGlobal)
                continue;
            var slots = (ulong)current.Select(t => t.Slot).Distinct().Count();
            Require(
                slots <= service.Spec.TotalCompletions(),
                () => $"{service.Id} has {slots} slots, {service.Spec.TotalCompletions()} are to complete");
            if (entry.Before.TasksIn(task.Key).Any(t => t.SpecVersion >= service.JobSpecVersion))
                continue;
            var live = (ulong)current.Count(t => t.IsLive);
            Require(
                live <= service.Spec.MaxConcurrent(),
                () => $"{live} tasks of {service.Id} run, {service.Spec.MaxConcurrent()} may at a time");
        }
    }

    /// <summary>Nothing of a slot that is done is left running.</summary>
    public override void OnCalm()
    {
        foreach (var task in World.State.Tasks.Values.Where(t => t.IsLive && t.Status.State < TaskState.Complete))
        {
            if (World.State.Services.Get(task.ServiceId) is { IsJob: true } service
                && task.SpecVersion >= service.JobSpecVersion)
                Require(
                    !World.State.TasksIn(task.Key).Any(
                        t => t.Status.State == TaskState.Complete && t.SpecVersion >= service.JobSpecVersion),
                    () => $"slot {task.Key} is done and {task.Id} is {task.Status.State}");
        }
    }
}
