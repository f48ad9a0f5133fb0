using Swarm.Protocol.V1;

namespace Swarm.Worker;

/// <summary>What exists on this node, whoever wanted it: a manager that was restored learns it from here.</summary>
internal static class FoundTasks
{
    /// <summary>More than this is not told: no node runs so many containers.</summary>
    private const int MaxTasks = 10_000;

    internal static IEnumerable<FoundTask> On(ITaskRuntime runtime) => runtime.Known.Order().Take(MaxTasks)
        .Select(id => (Id: id, Seen: runtime.Observe(id)))
        .Where(found => found.Seen is not null)
        .Select(found => new FoundTask { TaskId = found.Id.Value, State = (int)found.Seen!.Value.State });
}
