using Swarm.Model;
using Swarm.Store;

namespace Swarm.Scheduler;

/// <summary>How services lie on the nodes, of those that something was placed of.</summary>
internal sealed class SpreadBook
{
    /// <summary>Nodes of services that are remembered, summed over the services; then all are counted anew.</summary>
    private const int MaxShares = 2_000_000;

    private const int SpreadsBetweenChecks = 64;

    private readonly Dictionary<ServiceId, ServiceSpread> _spreads = [];
    private readonly HashSet<ServiceSpread> _moved = [];
    private ClusterState _state = ClusterState.Empty;
    private long _made;

    /// <summary>Tasks that were looked at so far, each look counted.</summary>
    internal long Looks { get; private set; }

    /// <summary>Goes on to another state; what was placed meanwhile stands in it or never was.</summary>
    internal void Follow(StateDelta delta)
    {
        _state = delta.To;
        foreach (var spread in _moved)
        {
            spread.Forget();
        }

        foreach (var (service, _) in delta.Services.Where(c => c.After is null))
        {
            _spreads.Remove(service!.Id);
        }

        foreach (var service in delta.Tasks)
        {
            if (_spreads.TryGetValue(service.Id, out var spread))
            {
                spread.Follow(delta, service);
                _moved.Add(spread);
                Looks += service.Tasks.Count;
            }
        }

        foreach (var spread in _moved)
        {
            spread.Sweep();
        }

        _moved.Clear();
    }

    /// <summary>Something is placed of it.</summary>
    internal void Moves(ServiceSpread spread) => _moved.Add(spread);

    internal ServiceSpread Of(ServiceId service)
    {
        if (_spreads.TryGetValue(service, out var known))
        {
            return known;
        }

        if (++_made % SpreadsBetweenChecks == 0 && _spreads.Values.Sum(s => (long)s.Size) > MaxShares)
        {
            _spreads.Clear();
        }

        var tasks = _state.CountTasks(service);
        if (tasks == _state.WaitingTasks(service) && tasks == _state.SlotsOf(service).Count
            && _state.Services.Get(service) is not { IsGlobal: true })
        {
            // None of them has a node, and each is alone in its slot.
            return _spreads[service] = new ServiceSpread();
        }

        Looks += _state.SlotsOf(service).Count;
        return _spreads[service] = ServiceSpread.Of(_state, service);
    }
}
