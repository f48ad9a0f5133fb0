using System.Collections.Immutable;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>What one look at a state says has to be done.</summary>
/// <param name="Actions">One entry, with the time that was planned with; empty when there is nothing to do.</param>
/// <param name="WakeAt">When time alone gives the planner something to do; null = only a change does.</param>
/// <param name="MoreToDo">It was cut at a limit: plan again as soon as it is applied.</param>
public sealed record Plan(ImmutableArray<StoreAction> Actions, DateTimeOffset? WakeAt, bool MoreToDo)
{
    /// <summary>The index of the state that it was made on, for <see cref="StoreEntry.PlannedOn"/>.</summary>
    public ulong PlannedOn { get; init; }

    /// <summary>True when there is nothing to propose.</summary>
    public bool IsEmpty => Actions.IsEmpty;
}
