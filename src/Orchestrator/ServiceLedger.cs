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
    private readonly CrowdedSlots _crowded = new();
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
        foreach (var (key, ids) in scope.State.SlotsOf(scope.Service.Id))
        {
            ledger._crowded.Add(key, ids);
            ledger.Enter(scope, ids, scope.State.Tasks[ids[^1]]);
        }

        return ledger;
    }

    /// <summary>Changes between two states follow.</summary>
    internal void Begin(StateDelta delta, ServiceId service)
    {
        _crowded.Begin(delta.Of(service));
        (_old, _now) = (delta.From.SlotsOf(service), delta.To.SlotsOf(service));
    }

    /// <summary>One more task of the service that changed, or whose node did: then it is the same before and
    /// after.</summary>
    internal void Follow(ServiceScope scope, Change<TaskRecord> change)
    {
        var (before, after) = change;
        var key = (after ?? before!).Key;
        if (!_crowded.Has(key))
        {
            // The task is all that there is in the slot, or was.
            Leave(key, before is not null);
            Enter(scope, key, [], after);
            return;
        }

        var ids = _now.TryGetValue(key, out var has) ? has : [];
        if (_crowded.TryVisit(key, ids.Length))
        {
            Leave(key, _old.ContainsKey(key));
            Enter(scope, key, ids, ids.IsEmpty ? null : scope.State.Tasks[ids[^1]]);
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

    private void Leave(SlotKey key, bool wasThere)
    {
        if (wasThere && (Busy.Count == 0 || !Busy.Remove(key)))
        {
            Settled--;
        }
    }

    private void Enter(ServiceScope scope, SlotKey key, ImmutableArray<TaskId> ids, TaskRecord? newest)
    {
        if (newest is not null)
        {
            Enter(scope, ids, newest);
        }
        else if (key.Slot < FirstFree)
        {
            FirstFree = key.Slot;
        }
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
