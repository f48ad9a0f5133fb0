using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Scheduler;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>Whether the cluster is what its specs say, judged without the planner's code.</summary>
internal static class Convergence
{
    /// <summary>What is still missing; null when nothing is.</summary>
    public static string? Missing(World world)
    {
        var state = world.State;
        foreach (var node in state.Nodes.Values.OrderBy(n => n.Id))
        {
            if (node.State != NodeStatus.Types.State.Ready)
                return $"node {node.Id} is {node.State}";
        }
        foreach (var service in state.Services.Values.OrderBy(s => s.Id))
        {
            if ((service.Removing ? "is still there" : Missing(world, service)) is { } what)
                return $"service {service.Id} ({service.Spec.ModeName()}, {service.Spec.Task.Container.Image}, "
                    + $"update {service.Update?.State}): {what}";
        }
        foreach (var task in state.Tasks.Values.Where(t => !t.IsWanted && !t.Status.State.IsTerminal()))
            return $"task {task.Id} is {task.Status.State} and desired {task.DesiredState}";
        return null;
    }

    private static string? Missing(World world, ServiceRecord service)
    {
        var image = SimImage.Of(service.Spec);
        if (service.IsJob)
            return MissingOfJob(world, service);
        if (!image.StaysUp)
            return null;
        var waits = world.State.TasksOf(service.Id).Any(t => t.IsLive && t.Status.State < TaskState.Assigned);
        if (service.Update is { IsRunning: true } && !waits)
            return $"the update goes on";
        var wanted = service.IsGlobal
            ? (ulong)world.State.Nodes.Values.Count(n => n.IsSchedulable && PlacementRules.Of(service.Spec).Admits(n))
            : service.Spec.Replicas();
        if (service.Update is not { IsPaused: true }
            && world.State.TasksOf(service.Id).FirstOrDefault(
                t => t.IsLive && IsOld(world, service, t) && !MustGoOn(world, service, t)) is { } old)
            return $"task {old.Id} is of an older spec";
        var slots = 0UL;
        foreach (var slot in world.State.TasksOf(service.Id).GroupBy(t => t.Key))
        {
            if (service.IsGlobal && !IsMember(world, service, slot.Key.Node))
                continue;
            if (slot.All(t => t.DesiredState == TaskState.Remove))
                continue;
            slots++;
            if (MissingOfSlot(service, slot) is { } what)
                return $"slot {slot.Key.Slot}{slot.Key.Node}: {what}";
        }
        return slots == wanted ? null : $"{slots} slots, {wanted} are wanted";
    }

    private static bool IsOld(World world, ServiceRecord service, TaskRecord task) =>
        task.SpecVersion != service.SpecVersion
        && service.KeptSpecs[task.SpecVersion].Task.Container.Image != service.Spec.Task.Container.Image
        && world.State.Nodes.Get(task.NodeId) is { IsSchedulable: true };

    /// <summary>
    /// Start-first: the old task serves until the new one runs, also when there is no room beside it. In either order
    /// the update waits while as many slots as may be at a time want room that somebody else has taken: to go on would
    /// take down one after the other.
    /// </summary>
    private static bool MustGoOn(World world, ServiceRecord service, TaskRecord task)
    {
        if (task.Status.State != TaskState.Running)
            return false;
        var tasks = world.State.TasksOf(service.Id).ToList();
        var waiting = tasks.Where(t => t.IsLive && service.KeptSpecs[t.SpecVersion].Task.Container.Image
                    == service.Spec.Task.Container.Image
                && t.Status.State < TaskState.Assigned && t.Status.Error.Length > 0
                && tasks.Exists(o => o.Key == t.Key && o != t
                    && (o.Status.State == TaskState.Running || o.Status.AppliedAt >= t.CreatedAt)))
            .Select(t => t.Key).Distinct().ToList();
        var parallelism = Policies.Now(service).ParallelismOrDefault();
        return (Policies.Now(service).IsStartFirst() && waiting.Contains(task.Key))
            || (parallelism > 0 && (ulong)waiting.Count >= parallelism);
    }

    private static bool IsMember(World world, ServiceRecord service, NodeId id) =>
        world.State.Nodes.Get(id) is { IsSchedulable: true } node && PlacementRules.Of(service.Spec).Admits(node);

    private static string? MissingOfSlot(ServiceRecord service, IEnumerable<TaskRecord> tasks)
    {
        var slot = tasks.OrderBy(t => t.CreatedAt).ThenBy(t => t.Id).ToList();
        var wanted = slot.FindAll(t => t.IsWanted);
        if (wanted.Count == 0)
        {
            var restart = service.Spec.Task.Restart;
            return restart?.Condition is RestartPolicy.Types.Condition.None or RestartPolicy.Types.Condition.OnFailure
                || restart?.MaxAttempts > 0 ? null : "nothing is wanted";
        }
        if (wanted.Exists(t => t.Status.State < TaskState.Assigned && t.Status.Error.Length > 0))
            return null;
        if (wanted.Count > 1 && service.Update is not { IsRunning: true })
            return $"{wanted.Count} tasks are wanted";
        return wanted.Exists(t => t.Status.State == TaskState.Running) ? null
            : $"task {wanted[^1].Id} is {wanted[^1].Status.State} {wanted[^1].Status.Error}";
    }

    private static string? MissingOfJob(World world, ServiceRecord service)
    {
        var restart = service.Spec.Task.Restart;
        if (service.Spec.Task.Container.Image.StartsWith("badjob", StringComparison.Ordinal)
            || restart?.Condition == RestartPolicy.Types.Condition.None || restart?.MaxAttempts > 0)
            return null;
        var current = world.State.TasksOf(service.Id).Where(t => t.SpecVersion >= service.JobSpecVersion).ToList();
        var done = current.Where(t => t.Status.State == TaskState.Complete).Select(t => t.Key).Distinct().Count();
        if (current.Exists(t => t.IsLive && t.Status.State < TaskState.Assigned && t.Status.Error.Length > 0))
            return null;
        if (service.IsGlobal)
        {
            var missing = world.State.Nodes.Values.Where(n => IsMember(world, service, n.Id)
                && !current.Exists(t => t.NodeId == n.Id && t.Status.State == TaskState.Complete)).ToList();
            return missing.Count == 0 ? null : $"{missing[0].Id} has not completed it";
        }
        return (ulong)done >= service.Spec.TotalCompletions() ? null
            : $"{done} of {service.Spec.TotalCompletions()} completed";
    }
}
