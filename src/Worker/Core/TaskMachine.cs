using Swarm.Model;

namespace Swarm.Worker.Core;

/// <summary>The one thing to do next for a task.</summary>
public enum TaskStep
{
    /// <summary>Nothing until the assignment changes.</summary>
    None,

    /// <summary>Tell the manager that this node knows the task.</summary>
    Accept,

    /// <summary>Image, root file system, network, container.</summary>
    Prepare,

    /// <summary>Run the container.</summary>
    Start,

    /// <summary>It runs: wait until it is healthy or ends, or for the assignment to change.</summary>
    AwaitHealth,

    /// <summary>Wait for the container to end, or for the assignment to change.</summary>
    AwaitExit,

    /// <summary>Stop the container: signal, grace, kill.</summary>
    Stop,

    /// <summary>It never started and is not wanted any more: call it off.</summary>
    CallOff,

    /// <summary>A task that the manager saw started has no container here: report it lost.</summary>
    ReportLost,

    /// <summary>Give back everything but the log.</summary>
    Release,

    /// <summary>Delete what is left of it on this node.</summary>
    Remove,
}

/// <summary>What this node knows of a task's container.</summary>
public enum ContainerPresence
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>Created or running or ended, with its record.</summary>
    Exists,

    /// <summary>Its program runs.</summary>
    Runs,
}

/// <summary>
/// From what is wanted and what was observed to the next single step; the shell does the step, notes what it
/// observed, and asks again (one step per call: swarmkit's agent/exec/controller.go). A task is one-shot:
/// once terminal it is only ever released and removed.
/// </summary>
public static class TaskMachine
{
    /// <summary>The next step.</summary>
    /// <param name="desired">What the manager wants; Remove when the task is no longer assigned.</param>
    /// <param name="observed">The furthest state seen here, or told by the manager when nothing is known here.</param>
    /// <param name="container">Whether a container of the task exists on this node, and is known to run.</param>
    public static TaskStep Next(TaskState desired, TaskState observed, ContainerPresence container)
    {
        if (observed.IsTerminal())
        {
            return AfterEnd(desired, container);
        }

        if (desired >= TaskState.Shutdown)
        {
            return observed >= TaskState.Starting && container != ContainerPresence.None
                ? TaskStep.Stop
                : TaskStep.CallOff;
        }

        return observed switch
        {
            < TaskState.Accepted => TaskStep.Accept,
            < TaskState.Ready => TaskStep.Prepare,
            _ when container == ContainerPresence.None => TaskStep.ReportLost,
            TaskState.Ready => desired >= TaskState.Running ? TaskStep.Start : TaskStep.None,
            TaskState.Starting when container == ContainerPresence.Runs => TaskStep.AwaitHealth,
            TaskState.Starting => TaskStep.Start,
            _ => TaskStep.AwaitExit,
        };
    }

    private static TaskStep AfterEnd(TaskState desired, ContainerPresence container)
    {
        if (desired == TaskState.Remove)
        {
            return TaskStep.Remove;
        }

        return container == ContainerPresence.None ? TaskStep.None : TaskStep.Release;
    }
}
