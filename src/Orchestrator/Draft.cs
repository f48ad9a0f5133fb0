using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>The snapshot while it is being planned on, and the steps that led there.</summary>
internal sealed class Draft
{
    private List<StoreAction> _staged = [];

    internal Draft(ClusterState before, DateTimeOffset now) => (Before, State, Now) = (before, before, now);

    internal ClusterState Before { get; }

    internal ClusterState State { get; private set; }

    internal DateTimeOffset Now { get; }

    internal List<StoreAction> Steps { get; } = [];

    internal int Count => Steps.Count;

    internal bool IsFull => Count >= Planner.MaxActions;

    /// <summary>Steps that end the plan: they are in no state of it, so that applying them is saved.</summary>
    internal IReadOnlyList<StoreAction> Staged => _staged;

    /// <summary>Something was left undone for want of room.</summary>
    internal bool IsCut { get; set; }

    /// <param name="steps">Of whoever calls no more.</param>
    internal void Stage(List<StoreAction> steps)
    {
        if (_staged.Count == 0)
        {
            _staged = steps;
            return;
        }

        _staged.AddRange(steps);
    }

    /// <summary>The plan goes on: what was staged happens.</summary>
    internal void Settle()
    {
        StoreAction[] steps = [.. _staged];
        _staged.Clear();
        Apply(steps);
    }

    /// <summary>Keeps the steps that Apply accepts; a rollback that it refuses becomes a pause.</summary>
    internal void Apply(IEnumerable<StoreAction> steps)
    {
        ImmutableArray<StoreAction> actions = [.. steps];
        if (actions.IsEmpty)
        {
            return;
        }

        var result = State.Apply(new StoreEntry(Now, actions), State.LastIndex + 1);
        State = result.State;
        var pauses = new List<StoreAction>();
        for (var i = 0; i < actions.Length; i++)
        {
            if (result.Outcomes[i].IsApplied)
            {
                Steps.Add(actions[i]);
            }
            else if (actions[i] is StoreAction.RollBackService action)
            {
                pauses.Add(Pause(action, result.Outcomes[i].Message));
            }
        }

        Apply(pauses);
    }

    private StoreAction.SetUpdateStatus Pause(StoreAction.RollBackService action, string why)
    {
        var service = State.Services[action.Id];
        return new StoreAction.SetUpdateStatus(action.Id, service.Version, new UpdateStatusRecord(
            UpdateStatus.Types.State.Paused, service.Update?.StartedAt ?? Now, null,
            $"update paused: it cannot be rolled back, {why}"));
    }
}
