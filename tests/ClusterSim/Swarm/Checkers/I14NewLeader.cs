using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// A leader change loses nothing: where the planner has nothing to do, one that has just been made has nothing to do
/// either, and does not want to wake up earlier. So all that counts is in the state.
/// </summary>
internal sealed class I14NewLeader(World world) : Checker(world, "I14")
{
    private const int Every = 16;
    private long _plans;
    private long _ids;

    public override void OnPlanned(Leader leader, ClusterState state, Plan plan)
    {
        Require(plan.Actions.Length <= Planner.MaxActions, () => $"a plan has {plan.Actions.Length} actions");
        if (!plan.IsEmpty || ++_plans % Every != 0)
            return;
        var fresh = new Planner().Plan(state, leader.Now, () => new TaskId($"fresh{_ids++}"));
        Require(fresh.IsEmpty, () => $"a new leader would do: {string.Join('\n', fresh.Actions.Take(3))}");
        Require(
            fresh.WakeAt is null || (plan.WakeAt is { } at && at <= fresh.WakeAt),
            () => $"a new leader would look at {fresh.WakeAt:mm:ss.fff}, this one at {plan.WakeAt:mm:ss.fff}");
    }
}
