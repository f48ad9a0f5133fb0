using Swarm.Orchestrator;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>Counts what the planner did.</summary>
internal sealed class ScaleFigures(World world) : Checker(world, "figures")
{
    public long Plans { get; private set; }

    public long Actions { get; private set; }

    /// <summary>Tasks that were made, but for the first of each slot.</summary>
    public long Moved { get; private set; }

    public override void OnPlanned(Leader leader, ClusterState state, Plan plan)
    {
        Plans++;
        Actions += plan.Actions.Length;
        foreach (var action in plan.Actions)
        {
            if (action is StoreAction.CreateTask { Task: var task }
                && state.SlotsOf(task.ServiceId).ContainsKey(task.Key))
                Moved++;
        }
    }
}
