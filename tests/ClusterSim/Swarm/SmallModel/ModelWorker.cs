using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;
using Swarm.Worker.Core;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>One step of the worker's task machine; several states at once where nothing can come between.</summary>
internal static class ModelWorker
{
    /// <summary>What the task's node does next about it, and what that leads to; null when nothing.</summary>
    public static ModelState? Step(ModelState state, TaskRecord task) => Next(state, task) switch
    {
        TaskStep.Accept or TaskStep.Prepare => Report(
            state.With(task.Id, task.NodeId, Piece.Prepared), task, TaskState.Ready, null),
        TaskStep.Start => Start(state, task),
        TaskStep.Stop or TaskStep.CallOff => Report(state.Without(task.Id), task, TaskState.Shutdown, null),
        TaskStep.ReportLost => Report(state, task, TaskState.Failed, null),
        _ => null,
    };

    /// <summary>The container ends by itself, and its node tells.</summary>
    public static ModelState Crash(ModelState state, TaskRecord task) =>
        Report(state.Without(task.Id), task, TaskState.Failed, 1);

    /// <summary>None also where the node cannot be reached.</summary>
    public static TaskStep Next(ModelState state, TaskRecord task)
    {
        var observed = task.Status.State;
        if (observed < TaskState.Assigned || observed.IsTerminal()
            || state.Cluster.Nodes[task.NodeId].State != NodeStatus.Types.State.Ready)
            return TaskStep.None;
        var presence = state.PieceOf(task.Id) == Piece.None ? ContainerPresence.None : ContainerPresence.Exists;
        return TaskMachine.Next(task.DesiredState, observed, presence);
    }

    private static ModelState Start(ModelState state, TaskRecord task)
    {
        ModelRules.CheckStart(state, task);
        return Report(state.With(task.Id, task.NodeId, Piece.Running), task, TaskState.Running, null);
    }

    private static ModelState Report(ModelState state, TaskRecord task, TaskState to, int? code) => ModelLog.Commit(
        state,
        [
            new StoreAction.ReportTaskStatus(
                task.Id, new TaskStatusRecord { State = to, At = state.Now, ExitCode = code }),
        ]);
}
