using System.Globalization;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>What one picture of a job's service says of its present iteration.</summary>
internal sealed class JobPicture
{
    internal JobPicture(WatchServiceResponse picture)
    {
        var service = picture.Service;
        var isGlobal = service.Spec.IsGlobal();
        var slots = picture.Tasks
            .Where(t => t.SpecVersion >= service.JobSpecVersion)
            .GroupBy(t => isGlobal ? t.NodeId : $"{t.Slot:d10}")
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => g.OrderBy(t => t.CreatedAtNs).ToList())
            .ToList();
        var nodes = Math.Max((int)picture.EligibleNodes, slots.Count);
        Total = isGlobal ? nodes : (int)service.Spec.TotalCompletions();
        Done = slots.Count(s => s.Exists(IsComplete));
        var live = slots.Count(s => s.Exists(IsLive));
        Active = (live, isGlobal ? nodes - Done : (int)service.Spec.MaxConcurrent());
        Slots = [.. slots.Where(s => !s.Exists(IsComplete)).Select(s => Progress(s, isGlobal))];
        IsGivenUp = Done < Total && slots.Count >= Total
            && slots.TrueForAll(s => s.Exists(IsComplete) || !s.Exists(IsWanted));
    }

    /// <summary>Tasks that have to end well.</summary>
    internal int Total { get; }

    /// <summary>Those that did.</summary>
    internal int Done { get; }

    /// <summary>On their way now, and how many may be.</summary>
    internal (int Now, int Most) Active { get; }

    /// <summary>Slots that are not done.</summary>
    internal IReadOnlyList<SlotProgress> Slots { get; }

    /// <summary>What is left has failed, and the restart policy tries nothing of it again.</summary>
    internal bool IsGivenUp { get; }

    private static bool IsComplete(TaskView task) => task.Status.State == (int)TaskState.Complete;

    private static bool IsWanted(TaskView task) => ((TaskState)task.DesiredState).IsWanted();

    private static bool IsLive(TaskView task) => IsWanted(task) && !((TaskState)task.Status.State).IsTerminal();

    private SlotProgress Progress(List<TaskView> tasks, bool isGlobal)
    {
        var newest = tasks[^1];
        var label = isGlobal
            ? newest.NodeHostname
            : string.Create(CultureInfo.InvariantCulture, $"{newest.Slot}/{Total}");
        var error = tasks.FindLast(t => t.Status.Error.Length > 0)?.Status.Error ?? "";
        return new SlotProgress(label, (TaskState)newest.Status.State, IsDone: false, error);
    }
}
