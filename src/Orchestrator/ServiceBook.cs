using Swarm.Model;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.Orchestrator;

/// <summary>
/// Which services have to be looked at, and what is remembered of them. A service is due when it, one of its tasks
/// or the node of one changed, or a moment has come that it waited for; it stays due until a look finds nothing to
/// do. All of it is a mere saving: forgotten, the next look makes it anew.
/// </summary>
internal sealed class ServiceBook
{
    private readonly Dictionary<ServiceId, ServiceLedger> _ledgers = [];
    private readonly HashSet<ServiceId> _due = [];
    private readonly HashSet<ServiceId> _globals = [];
    private readonly Dictionary<ServiceId, DateTimeOffset> _wakeOf = [];
    private readonly SortedSet<(DateTimeOffset At, ServiceId Id)> _wakes = [];
    private readonly Dictionary<ServiceId, (ServiceScope Scope, ServiceLedger Ledger)> _followed = [];

    private (ServiceScope Scope, ServiceLedger Ledger)? _current;

    /// <summary>The next moment that some service waits for.</summary>
    internal DateTimeOffset? WakeAt => _wakes.Count == 0 ? null : _wakes.Min.At;

    /// <summary>Tasks that were looked at so far, each look counted.</summary>
    internal long Looks { get; private set; }

    /// <summary>Those that are due, the oldest first.</summary>
    internal List<ServiceRecord> Due(ClusterState state, DateTimeOffset now)
    {
        while (_wakes.Count > 0 && _wakes.Min is var first && first.At <= now)
        {
            _due.Add(first.Id);
            Wake(first.Id, null);
        }

        var due = new List<ServiceRecord>(_due.Count);
        foreach (var id in _due)
        {
            if (state.Services.Get(id) is { } service)
            {
                due.Add(service);
            }
        }

        if (due.Count < _due.Count)
        {
            _due.RemoveWhere(id => !state.Services.ContainsKey(id));
        }

        due.Sort(static (a, b) =>
            a.CreatedAt != b.CreatedAt ? a.CreatedAt.CompareTo(b.CreatedAt) : a.Id.CompareTo(b.Id));
        return due;
    }

    /// <summary>A look is over.</summary>
    internal void Note(ServiceScope scope)
    {
        Looks += scope.Looks;
        Wake(scope.Service.Id, scope.WakeAt);
        if (scope.Actions.Count == 0 && Allocator.IsDone(scope.Service))
        {
            _due.Remove(scope.Service.Id);
        }
    }

    /// <summary>What is remembered of a service as it is in the state that was followed last.</summary>
    internal ServiceLedger LedgerOf(ServiceScope scope)
    {
        if (!_ledgers.TryGetValue(scope.Service.Id, out var ledger))
        {
            _ledgers[scope.Service.Id] = ledger = ServiceLedger.Of(scope);
        }

        return ledger;
    }

    /// <summary>Goes on to another state.</summary>
    internal void Follow(StateDelta delta, DateTimeOffset now)
    {
        if (delta.Cluster)
        {
            _ledgers.Clear();
            _due.UnionWith(delta.To.Services.Keys);
        }

        foreach (var (before, after) in delta.Services)
        {
            Follow(before, after);
        }

        var last = default(ServiceId);
        // A node that is gone may have left tasks that had ended before: they have lost their place as well.
        foreach (var (node, _) in delta.Nodes.Where(n => n.Before is not null))
        {
            foreach (var task in delta.To.TasksOn(node!.Id))
            {
                // One that changed itself follows below.
                if (ReferenceEquals(delta.From.Tasks.Get(task.Id), task))
                {
                    Follow(delta, task, now, ref last);
                }
            }
        }

        if (delta.Nodes.Count > 0 && !Planted.Has(PlantedBug.QuietForEver))
        {
            _due.UnionWith(_globals);
        }

        foreach (var service in delta.Tasks)
        {
            Follow(delta, service, now);
        }

        Looks += _followed.Values.Sum(f => f.Scope.Looks);
        _followed.Clear();
    }

    private void Follow(ServiceRecord? before, ServiceRecord? after)
    {
        var id = (after ?? before)!.Id;
        if (after is null)
        {
            _ledgers.Remove(id);
            _globals.Remove(id);
            _due.Remove(id);
            Wake(id, null);
            return;
        }

        _due.Add(id);
        if (after.IsGlobal)
        {
            _globals.Add(id);
        }

        if (!CalmService.MayBe(after) || before is null || before.SpecVersion != after.SpecVersion
            || !ReferenceEquals(before.Spec, after.Spec))
        {
            _ledgers.Remove(id);
        }

        if (before is null && CalmService.MayBe(after))
        {
            // Its tasks come after it: what is remembered grows with them.
            _ledgers[id] = new ServiceLedger();
        }
    }

    private void Follow(StateDelta delta, TaskRecord task, DateTimeOffset now, ref ServiceId last)
    {
        Looks++;
        if (last != task.ServiceId)
        {
            last = task.ServiceId;
            _due.Add(last);
            Begin(delta, last, now);
        }

        if (_current is { } current)
        {
            current.Ledger.Follow(current.Scope, new(task, task));
        }
    }

    private void Follow(StateDelta delta, ServiceDelta service, DateTimeOffset now)
    {
        Looks += service.Tasks.Count;
        _due.Add(service.Id);
        Begin(delta, service.Id, now);
        if (_current is not { } current)
        {
            return;
        }

        foreach (var change in service.Tasks)
        {
            current.Ledger.Follow(current.Scope, change);
        }
    }

    /// <summary>Tasks of this service follow.</summary>
    private void Begin(StateDelta delta, ServiceId id, DateTimeOffset now)
    {
        if (!_ledgers.TryGetValue(id, out var ledger))
        {
            _current = null;
            return;
        }

        if (!_followed.TryGetValue(id, out var known))
        {
            ledger.Begin(delta, id);
            var scope = new ServiceScope(delta.To, delta.To.Services[id], now, ServiceScope.NoNewTasks);
            _followed[id] = known = (scope, ledger);
        }

        _current = known;
    }

    private void Wake(ServiceId id, DateTimeOffset? at)
    {
        if (_wakeOf.Remove(id, out var old))
        {
            _wakes.Remove((old, id));
        }

        if (at is { } due)
        {
            _wakeOf[id] = due;
            _wakes.Add((due, id));
        }
    }
}
