using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>A step that the small model may take.</summary>
internal readonly record struct ModelStep(string Name, ModelState Next);

/// <summary>Everything that can happen next: to the planner, the log, each worker, each container, each node.</summary>
internal static class ModelSteps
{
    private const NodeStatus.Types.State Ready = NodeStatus.Types.State.Ready;
    private const NodeStatus.Types.State Down = NodeStatus.Types.State.Down;

    /// <summary>What happens by itself; nothing of it is left when the cluster is at rest.</summary>
    public static List<ModelStep> Of(ModelState state)
    {
        var steps = new List<ModelStep>();
        var plan = state.IsPlanUnderWay ? null : Plan(state, steps);
        if (state.IsPlanUnderWay)
            steps.Add(new ModelStep("commit", ModelLog.Land(state)));
        Workers(state, steps);
        foreach (var node in SmallModelCommand.Nodes.Where(n => state.Cluster.Nodes[n].State == Down))
            Return(state, node, steps);
        // Nothing else can happen: time passes until the planner has something to do.
        if (steps.Count == 0 && plan?.WakeAt is { } at && at < state.Now.AddHours(1))
            steps.Add(new ModelStep("wait", state with { Now = at }));
        return steps;
    }

    /// <summary>What users may do, at any moment or never.</summary>
    public static IEnumerable<ModelStep> Wishes(ModelState state)
    {
        if (state.Updates == 0)
            yield break;
        var service = state.Cluster.Services[SmallModelCommand.Services[0]];
        var spec = service.Spec.Clone();
        spec.Task.Container.Image = "ok:2";
        yield return new ModelStep("update", ModelLog.Commit(
            state with { Updates = state.Updates - 1 }, [new StoreAction.UpdateServiceSpec(service.Id, 0, spec)]));
    }

    /// <summary>What may go wrong, as long as something may.</summary>
    public static IEnumerable<ModelStep> Failures(ModelState state)
    {
        if (state.Failures == 0)
            yield break;
        var less = state with { Failures = state.Failures - 1 };
        if (state.IsPlanUnderWay)
            yield return new ModelStep("leader and plan lost", ModelLog.Drop(less));
        foreach (var node in SmallModelCommand.Nodes.Where(n => state.Cluster.Nodes[n].State == Ready))
            yield return new ModelStep($"{node} lost", SetNode(less, node, Down));
        foreach (var container in state.Containers)
        {
            var task = state.Cluster.Tasks[container.Task];
            if (container.Runs && state.Cluster.Nodes[container.Node].State == Ready
                && (task.IsWanted || state.IsUpdated(task.ServiceId)))
                yield return new ModelStep($"{task.Id} crashes", ModelWorker.Crash(less, task));
        }
    }

    /// <summary>It was cut off and has everything, or it had lost its power and has nothing.</summary>
    private static void Return(ModelState state, NodeId node, List<ModelStep> steps)
    {
        steps.Add(new ModelStep($"{node} returns", SetNode(state, node, Ready)));
        var empty = state with { Containers = state.Containers.RemoveAll(c => c.Node == node) };
        if (empty.Containers.Length < state.Containers.Length)
            steps.Add(new ModelStep($"{node} returns empty", SetNode(empty, node, Ready)));
    }

    private static Plan Plan(ModelState state, List<ModelStep> steps)
    {
        var ids = state.Ids;
        var plan = new Planner().Plan(state.Cluster, state.Now, () => new TaskId($"t{ids++:d6}"));
        if (plan.IsEmpty)
            return plan;
        foreach (var actions in Placements.Of(state, plan.Actions))
            steps.Add(new ModelStep("plan", state with
            {
                UnderWay = actions, PlannedOn = plan.PlannedOn, Ids = ids,
            }));
        return plan;
    }

    private static void Workers(ModelState state, List<ModelStep> steps)
    {
        foreach (var service in SmallModelCommand.Services)
        {
            foreach (var (slot, ids) in state.Cluster.SlotsOf(service))
            {
                if (QuietSteps.MayWait(state, slot))
                    continue;
                foreach (var id in ids)
                {
                    var task = state.Cluster.Tasks[id];
                    if (ModelWorker.Step(state, task) is { } next)
                        steps.Add(new ModelStep($"{id} of {service} on {task.NodeId}", next));
                }
            }
        }
    }

    private static ModelState SetNode(ModelState state, NodeId node, NodeStatus.Types.State to) =>
        ModelLog.Commit(state, [new StoreAction.SetNodeStatus(node, to, "", "")]);
}
