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

        _moved.Clear();
        foreach (var (service, _) in delta.Services.Where(c => c.After is null))
        {
            _spreads.Remove(service!.Id);
        }

        (ServiceId Id, ServiceSpread? Spread) last = default;
        foreach (var change in delta.Tasks)
        {
            var id = (change.After ?? change.Before!).ServiceId;
            if (last.Id != id)
            {
                last = (id, _spreads.GetValueOrDefault(id));
                if (last.Spread is not null)
                {
                    last.Spread.Begin(delta, id);
                    _moved.Add(last.Spread);
                }
            }

            if (last.Spread is { } spread)
            {
                spread.Follow(delta, change);
                Looks++;
            }
        }
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

        if (_state.CountTasks(service) == _state.WaitingTasks(service)
            && _state.Services.Get(service) is not { IsGlobal: true })
        {
            // None of them has a node.
            return _spreads[service] = new ServiceSpread();
        }

        Looks += _state.SlotsOf(service).Count;
        return _spreads[service] = ServiceSpread.Of(_state, service);
    }
}
