using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>Entries of the small model, and the plan that is under way.</summary>
internal static class ModelLog
{
    /// <summary>An entry of which nobody has to know beforehand.</summary>
    public static ModelState Commit(ModelState state, ImmutableArray<StoreAction> actions) =>
        Become(state, Apply(state, actions, 0));

    /// <summary>The plan under way is committed.</summary>
    public static ModelState Land(ModelState state) => Become(Drop(state), state.Landing!);

    public static ModelState Drop(ModelState state) => state with { UnderWay = [], PlannedOn = 0, Landing = null };

    /// <summary>
    /// Takes out of the plan under way what would be refused because something has changed since it was made: what has
    /// changed stays changed, so it will be refused whenever the plan is committed. What is left will be applied, or
    /// refused, by what happens from now on.
    /// </summary>
    public static ModelState Sift(ModelState state)
    {
        while (state.IsPlanUnderWay)
        {
            var result = Apply(state, state.UnderWay, state.PlannedOn);
            var left = state.UnderWay;
            for (var i = left.Length - 1; i >= 0; i--)
            {
                if (result.Outcomes[i].Kind == RefusalKind.Conflict)
                    left = left.RemoveAt(i);
            }
            if (left.Length == state.UnderWay.Length)
                return state with { Landing = result };
            state = left.IsEmpty ? Drop(state) : state with { UnderWay = left };
        }
        return state;
    }

    private static ApplyResult Apply(ModelState state, ImmutableArray<StoreAction> actions, ulong plannedOn) =>
        state.Cluster.Apply(
            new StoreEntry(state.Now, actions) { PlannedOn = plannedOn }, state.Cluster.LastIndex + 1);

    private static ModelState Become(ModelState state, ApplyResult result)
    {
        ModelRules.Check(state.Cluster, result);
        return Overtake(state with { Cluster = result.State }, result);
    }

    /// <summary>A task that is let go now does not wait for those of its slot whose nodes are down.</summary>
    private static ModelState Overtake(ModelState state, ApplyResult result)
    {
        foreach (var (before, after) in result.Changes.Tasks)
        {
            if (after is not { DesiredState: TaskState.Running } || before?.DesiredState == TaskState.Running)
                continue;
            foreach (var other in state.Containers)
            {
                if (other.Piece == Piece.Running && other.Task != after.Id
                    && state.Cluster.Tasks.Get(other.Task) is { } old && old.Key == after.Key
                    && state.Cluster.Nodes[other.Node].State == NodeStatus.Types.State.Down)
                    state = state.With(other.Task, other.Node, Piece.Overtaken);
            }
        }
        return state;
    }
}
