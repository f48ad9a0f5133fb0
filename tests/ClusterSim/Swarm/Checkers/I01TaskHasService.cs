namespace Swarm.ClusterSim.Orchestration;

/// <summary>A task's service exists, if only until its tasks are gone (I11 too: it goes after them).</summary>
internal sealed class I01TaskHasService(World world) : Checker(world, "I1")
{
    public override void OnCommitted(Committed entry)
    {
        foreach (var task in entry.Result.Changes.Tasks.Where(t => t.After is not null))
            Require(
                entry.After.Services.ContainsKey(task.After!.ServiceId),
                () => $"task {task.After.Id} has no service {task.After.ServiceId}");
        foreach (var service in entry.Result.Changes.Services.Where(s => s.After is null))
            Require(
                !entry.After.TasksOf(service.Before!.Id).Any(),
                () => $"service {service.Before.Id} is gone before its tasks");
    }
}
