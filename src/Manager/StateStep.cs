using Swarm.Store;

namespace Swarm.Manager;

/// <summary>A step of the state: what it became and which objects changed.</summary>
/// <param name="State">After the step.</param>
/// <param name="Changes">From the state before.</param>
/// <param name="At">The entry's time: the clock of the leader that wrote it.</param>
internal readonly record struct StateStep(ClusterState State, Changes Changes, DateTimeOffset At)
{
    /// <summary>Log index: the revision of what happened.</summary>
    internal ulong Index => State.LastIndex;
}
