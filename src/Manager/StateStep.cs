using Swarm.Store;

namespace Swarm.Manager;

/// <summary>A step of the state: what it became and which objects changed.</summary>
/// <param name="State">After the step.</param>
/// <param name="Changes">From the state before.</param>
/// <param name="At">The entry's time: the clock of the leader that wrote it.</param>
internal readonly record struct StateStep(ClusterState State, Changes Changes, DateTimeOffset At)
{
    /// <summary>Log index: the revision of what happened.</summary>
    internal ulong Index { get; private init; } = State.LastIndex;

    /// <summary>
    /// What a history keeps. Only changes of tasks are told with names that stand in the state; without it thousands
    /// of old states need not be kept, nor moved by the garbage collector.
    /// </summary>
    internal StateStep ToRemember() => Changes.Tasks.IsEmpty ? this with { State = ClusterState.Empty } : this;
}
