using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>
/// What is remembered of a calm service (<see cref="CalmService"/>): which of its slots are not settled, and how many
/// are. Made by one look at every task, then brought along by the tasks and nodes that changed.
/// </summary>
internal sealed class ServiceLedger
{
    private readonly HashSet<SlotKey> _done = [];
    private PersistentDictionary<SlotKey, ImmutableArray<TaskId>> _old =
        PersistentDictionary<SlotKey, ImmutableArray<TaskId>>.Empty;

    private PersistentDictionary<SlotKey, ImmutableArray<TaskId>> _now =
        PersistentDictionary<SlotKey, ImmutableArray<TaskId>>.Empty;

    /// <summary>Slots with something to do, or to wait for.</summary>
    internal HashSet<SlotKey> Busy { get; } = [];

    /// <summary>Slots with nothing to do.</summary>
    internal ulong Settled { get; private set; }

    /// <summary>All lower slot numbers have tasks; higher ones may.</summary>
    internal ulong FirstFree { get; private set; } = 1;

    internal static ServiceLedger Of(ServiceScope scope)
    {
        var ledger = new ServiceLedger();
        foreach (var (_, ids) in scope.State.SlotsOf(scope.Service.Id))
        {
            ledger.Enter(scope, ids, scope.State.Tasks[ids[^1]]);
        }

        return ledger;
    }

    /// <summary>Changes between two states follow.</summary>
    internal void Begin(StateDelta delta, ServiceId service)
    {
        _done.Clear();
        (_old, _now) = (delta.From.SlotsOf(service), delta.To.SlotsOf(service));
    }

    /// <summary>One more task of the service that changed, or whose node did.</summary>
    internal void Follow(ServiceScope scope, TaskRecord task)
    {
        var key = task.Key;
        if (!_done.Add(key))
        {
            return;
        }

        if (_old.ContainsKey(key) && !Busy.Remove(key))
        {
            Settled--;
        }

        if (_now.TryGetValue(key, out var ids))
        {
            Enter(scope, ids, ids[^1] == task.Id ? task : scope.State.Tasks[ids[^1]]);
        }
        else if (key.Slot < FirstFree)
        {
            FirstFree = key.Slot;
        }
    }

    /// <summary>Looks for the first number without tasks.</summary>
    internal ulong SkipTaken(ServiceScope scope)
    {
        var slots = scope.State.SlotsOf(scope.Service.Id);
        while (slots.ContainsKey(new SlotKey(scope.Service.Id, FirstFree, default)))
        {
            FirstFree++;
        }

        return FirstFree;
    }

    private void Enter(ServiceScope scope, ImmutableArray<TaskId> ids, TaskRecord newest)
    {
        if (CalmService.IsSettled(scope, ids, newest))
        {
            Settled++;
        }
        else
        {
            Busy.Add(newest.Key);
        }
    }
}
