using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Store;
using Swarm.Worker.Core;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>A step that the small model may take.</summary>
/// <param name="IsFailure">It takes one of the failures that are left.</param>
internal readonly record struct ModelStep(string Name, ModelState Next, bool IsFailure);

/// <summary>Everything that can happen next: to the planner, the log, each worker, each container, each node.</summary>
internal static class ModelSteps
{
    private const NodeStatus.Types.State Ready = NodeStatus.Types.State.Ready;
    private const NodeStatus.Types.State Down = NodeStatus.Types.State.Down;

    public static List<ModelStep> Of(ModelState state)
    {
        var steps = new List<ModelStep>();
        Log(state, steps);
        Workers(state, steps);
        Nodes(state, steps);
        if (state.Updates > 0 && state.UnderWay.IsEmpty)
            steps.Add(new ModelStep("update", Update(state), false));
        if (steps.Count == 0)
            Wait(state, steps);
        if (state.Failures > 0)
            Failures(state, steps);
        return steps;
    }

    /// <summary>The leader plans, its entry is committed, or it is lost with the leader.</summary>
    private static void Log(ModelState state, List<ModelStep> steps)
    {
        if (!state.UnderWay.IsEmpty)
        {
            steps.Add(new ModelStep("commit", Commit(
                state with { UnderWay = [], PlannedOn = 0 }, state.UnderWay, state.PlannedOn), false));
            if (state.Failures > 0)
                steps.Add(new ModelStep(
                    "lose leader", state with { UnderWay = [], PlannedOn = 0, Failures = state.Failures - 1 }, true));
            return;
        }
        var ids = state.Ids;
        var plan = new Planner().Plan(state.Cluster, state.Now, () => new TaskId($"t{ids++:d6}"));
        if (!plan.IsEmpty)
            steps.Add(new ModelStep("plan", state with
            {
                UnderWay = plan.Actions, PlannedOn = plan.PlannedOn, Ids = ids,
            }, false));
    }

    /// <summary>Nothing else can happen: time passes until the planner has something to do.</summary>
    private static void Wait(ModelState state, List<ModelStep> steps)
    {
        var plan = new Planner().Plan(state.Cluster, state.Now, () => new TaskId("none"));
        if (plan.WakeAt is { } at && at < state.Now.AddHours(1))
            steps.Add(new ModelStep("wait", state with { Now = at }, false));
    }

    private static void Workers(ModelState state, List<ModelStep> steps)
    {
        foreach (var task in state.Cluster.Tasks.Values.OrderBy(t => t.Id))
        {
            if (state.Cluster.Nodes.Get(task.NodeId) is { State: Ready } && Work(state, task) is { } next)
                steps.Add(new ModelStep($"{task.Id} on {task.NodeId}", next, false));
        }
        foreach (var (id, container) in state.Containers)
        {
            if (state.Cluster.Tasks.Get(id) is null && state.Cluster.Nodes[container.Node].State == Ready)
                steps.Add(new ModelStep(
                    $"{id} removed", state with { Containers = state.Containers.Remove(id) }, false));
        }
    }

    /// <summary>One step of the worker's task machine; several states at once where nothing can come between.</summary>
    private static ModelState? Work(ModelState state, TaskRecord task)
    {
        if (task.Status.State < TaskState.Assigned)
            return null;
        var has = state.Containers.TryGetValue(task.Id, out var container);
        var observed = task.Status.State;
        if (has && container.Piece == Piece.Ended && !observed.IsTerminal())
            return Report(state, task, TaskState.Failed, 1);
        var step = TaskMachine.Next(
            task.DesiredState, observed, has ? ContainerPresence.Exists : ContainerPresence.None);
        return step switch
        {
            TaskStep.Accept or TaskStep.Prepare => Report(
                With(state, task, Piece.Prepared), task, TaskState.Ready, null),
            TaskStep.Start => Report(Started(state, task), task, TaskState.Running, null),
            TaskStep.Stop or TaskStep.CallOff => Report(
                state with { Containers = state.Containers.Remove(task.Id) }, task, TaskState.Shutdown, null),
            TaskStep.ReportLost => Report(state, task, TaskState.Failed, null),
            TaskStep.Release or TaskStep.Remove when has =>
                state with { Containers = state.Containers.Remove(task.Id) },
            _ => null,
        };
    }

    private static void Nodes(ModelState state, List<ModelStep> steps)
    {
        foreach (var node in state.Cluster.Nodes.Values.Where(n => n.State == Down).OrderBy(n => n.Id))
            steps.Add(new ModelStep($"{node.Id} returns", SetNode(state, node.Id, Ready), false));
    }

    private static void Failures(ModelState state, List<ModelStep> steps)
    {
        var less = state with { Failures = state.Failures - 1 };
        foreach (var node in state.Cluster.Nodes.Values.Where(n => n.State == Ready).OrderBy(n => n.Id))
        {
            steps.Add(new ModelStep($"{node.Id} cut off", SetNode(Overtaken(less, node.Id), node.Id, Down), true));
            var gone = less with { Containers = Without(less, node.Id) };
            steps.Add(new ModelStep($"{node.Id} loses power", SetNode(gone, node.Id, Down), true));
        }
        foreach (var (id, container) in state.Containers
            .Where(c => c.Value.Piece is Piece.Running or Piece.Overtaken))
            steps.Add(new ModelStep(
                $"{id} crashes",
                less with { Containers = less.Containers.SetItem(id, (container.Node, Piece.Ended)) }, true));
    }

    private static ImmutableSortedDictionary<TaskId, (NodeId Node, Piece Piece)> Without(
        ModelState state, NodeId node) => state.Containers.RemoveRange(
            state.Containers.Where(c => c.Value.Node == node).Select(c => c.Key));

    private static ModelState Overtaken(ModelState state, NodeId node) => state with
    {
        Containers = state.Containers.SetItems(state.Containers
            .Where(c => c.Value.Node == node && c.Value.Piece == Piece.Running)
            .Select(c => KeyValuePair.Create(c.Key, (node, Piece.Overtaken)))),
    };

    private static ModelState With(ModelState state, TaskRecord task, Piece piece) =>
        state with { Containers = state.Containers.SetItem(task.Id, (task.NodeId, piece)) };

    private static ModelState Started(ModelState state, TaskRecord task)
    {
        var service = state.Cluster.Services[task.ServiceId];
        if (!Policies.MayStartFirst(service))
        {
            foreach (var (id, other) in state.Containers.Where(c => c.Value.Piece == Piece.Running))
            {
                if (state.Cluster.Tasks.Get(id) is { } old && old.Key == task.Key
                    && state.Cluster.Nodes[other.Node].State == Ready)
                    throw new ViolationException("I7", $"{task.Id} starts while {id} of its slot runs on {other.Node}");
            }
        }
        return With(state, task, Piece.Running);
    }

    private static ModelState SetNode(ModelState state, NodeId node, NodeStatus.Types.State to) =>
        Commit(state, [new StoreAction.SetNodeStatus(node, to, "", "")]);

    private static ModelState Update(ModelState state)
    {
        var service = state.Cluster.Services.Values.OrderBy(s => s.Id).First();
        var spec = service.Spec.Clone();
        spec.Task.Container.Image = "ok:2";
        return Commit(
            state with { Updates = state.Updates - 1 }, [new StoreAction.UpdateServiceSpec(service.Id, 0, spec)]);
    }

    private static ModelState Report(ModelState state, TaskRecord task, TaskState to, int? code) => Commit(
        state,
        [
            new StoreAction.ReportTaskStatus(
                task.Id, new TaskStatusRecord { State = to, At = state.Now, ExitCode = code }),
        ]);

    internal static ModelState Commit(
        ModelState state, ImmutableArray<StoreAction> actions, ulong plannedOn = 0)
    {
        var before = state.Cluster;
        var entry = new StoreEntry(state.Now, actions) { PlannedOn = plannedOn };
        var result = before.Apply(entry, before.LastIndex + 1);
        ModelRules.Check(before, result);
        return state with { Cluster = result.State };
    }
}
