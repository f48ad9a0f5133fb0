namespace Swarm.Model;

/// <summary>
/// The states of a task in their order; the numbers leave gaps as swarmkit's do (behaviour.md B), so that a
/// later version can put a state in between. An observed state never goes back.
/// </summary>
public enum TaskState
{
    /// <summary>Created by a reconciler, nothing allocated.</summary>
    New = 0,

    /// <summary>Waits for a node.</summary>
    Pending = 64,

    /// <summary>Has a node; the node does not know it yet.</summary>
    Assigned = 192,

    /// <summary>The node knows it.</summary>
    Accepted = 256,

    /// <summary>The node pulls the image and makes the container ready.</summary>
    Preparing = 320,

    /// <summary>Everything is prepared; waits to be told to start.</summary>
    Ready = 384,

    /// <summary>The container is being started.</summary>
    Starting = 448,

    /// <summary>The container runs.</summary>
    Running = 512,

    /// <summary>Ended by itself with exit code 0.</summary>
    Complete = 576,

    /// <summary>Ended because it was told to.</summary>
    Shutdown = 640,

    /// <summary>Ended by an error at or after the start.</summary>
    Failed = 704,

    /// <summary>Could not be prepared: it never started.</summary>
    Rejected = 768,

    /// <summary>Only ever desired: stop it, then delete it.</summary>
    Remove = 800,

    /// <summary>Its node was away for so long that nobody knows.</summary>
    Orphaned = 832,
}

/// <summary>Questions that everybody asks about states.</summary>
public static class TaskStates
{
    /// <summary>Every state, in order.</summary>
    public static IReadOnlyList<TaskState> All { get; } = Enum.GetValues<TaskState>();

    /// <summary>Nothing will run any more: later than <see cref="TaskState.Running"/>.</summary>
    public static bool IsTerminal(this TaskState state) => state > TaskState.Running;

    /// <summary>As a desired state: to be prepared, to run, or to run until it ends (jobs).</summary>
    public static bool IsWanted(this TaskState desired) => desired <= TaskState.Complete;

    /// <summary>
    /// The observed state may go from <paramref name="from"/> to <paramref name="to"/>: forward only,
    /// never to <see cref="TaskState.Remove"/>, never out of a terminal state (behaviour.md B).
    /// </summary>
    public static bool MayBecome(this TaskState from, TaskState to) =>
        to != TaskState.Remove && to > from && !from.IsTerminal();
}
