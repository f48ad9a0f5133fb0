using Swarm.Model;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>Lines of a trace.</summary>
internal static class Describe
{
    public static string Action(StoreAction action) => action switch
    {
        StoreAction.CreateService a => $"creates {a.Id}: {a.Spec}",
        StoreAction.UpdateServiceSpec a => $"updates {a.Id}: {a.Spec}",
        _ => action.ToString(),
    };

    public static void Entry(World world, Committed committed)
    {
        void Line(string text) => world.Trace.Line(world.Time.NowUs, $"#{committed.Index} {committed.Origin} {text}");
        foreach (var (before, after) in committed.Result.Changes.Tasks)
        {
            var task = after ?? before!;
            Line(after is null
                ? $"{task.ServiceId}.{task.Slot} {task.Id} deleted"
                : $"{task.ServiceId}.{task.Slot} {task.Id} v{task.SpecVersion} on {task.NodeId}: "
                    + $"{before?.DesiredState}→{after.DesiredState} {before?.Status.State}→{after.Status.State} "
                    + after.Status.Error);
        }
        foreach (var (before, after) in committed.Result.Changes.Services
            .Where(s => s.Before?.Update != s.After?.Update))
            Line($"{(after ?? before)!.Id} update {before?.Update?.State}→{after?.Update?.State} "
                + after?.Update?.Message);
        foreach (var (before, after) in committed.Result.Changes.Nodes)
            Line($"{(after ?? before)!.Id} {before?.State} {before?.Availability} → "
                + $"{after?.State} {after?.Availability}");
        foreach (var outcome in committed.Result.Outcomes.Where(o => !o.IsApplied))
            Line($"refused: {outcome.Kind} {outcome.Message}");
    }
}
