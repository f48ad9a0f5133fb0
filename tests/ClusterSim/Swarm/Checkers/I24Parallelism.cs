using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// Slots that are being replaced are never more than the parallelism, and one counts until its delay is over (I26).
/// What lies on a node that was lost or paused, or where the service has no place any more, does not hold an update up
/// (I32).
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
            var begun = group.Where(a => !WasUnderWay(state, a.Task.Key, started)).ToList();
            if (begun.Count == 0)
                continue;
            var busy = book.Of(service).Where(b => state.Tasks.Get(b.Task) is { IsWanted: true } task
                && task.CreatedAt >= started
                && (task.NodeId.IsNone || IsPlace(service, state.Nodes.Get(task.NodeId)))
                && (SettledAt(state, task) is not { } at || at + delay - s_tolerance > leader.Now)).ToList();
            Require(
                (ulong)(busy.Count + begun.Count) <= parallelism,
                () => $"{group.Key}: {busy.Count} slots are being updated ({Slots(busy.Select(b => b.Slot))}) and "
                    + $"{begun.Count} more are begun ({Slots(begun.Select(a => a.Task.Key))}), {parallelism} is the "
                    + "limit");
        }
    }

    /// <summary>
    /// An update before this one, perhaps of more slots at a time, has begun it beside the old task, and what it made
    /// there ended before it ran: another try of that begins nothing.
    /// </summary>
    private static bool WasUnderWay(ClusterState state, SlotKey slot, DateTimeOffset started) =>
        state.TasksIn(slot).LastOrDefault() is { } last && last.CreatedAt < started
        && last.Status.State.IsTerminal() && state.RunningSince(last) is null
        && state.TasksIn(slot).Any(t => t.IsWanted && t != last && t.SpecVersion != last.SpecVersion);

    private static bool IsPlace(ServiceRecord service, NodeRecord? node) =>
        node is { IsSchedulable: true } && (!service.IsGlobal || Fit.Admits(service.Spec, node));

    private static string Slots(IEnumerable<SlotKey> slots) => string.Join(' ', slots.Select(s => $"{s.Slot}{s.Node}"));

    internal static DateTimeOffset? SettledAt(ClusterState state, TaskRecord task) =>
        state.RunningSince(task) ?? (task.Status.State.IsTerminal() ? task.Status.AppliedAt : null);
}
