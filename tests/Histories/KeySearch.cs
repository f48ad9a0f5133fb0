namespace Swarm.Histories;

internal enum SearchResult
{
    Found,
    None,
    TooLong,
}

/// <summary>
/// Looks for an order of the operations of one key. Starts and ends stand in a list by time; an operation that may come
/// next is one whose start stands before the first end. What was placed is taken out of the list, and put back when it
/// led nowhere. Answered operations are tried before those of unknown outcome.
/// </summary>
internal sealed class KeySearch
{
    private readonly long _maxSteps;
    private readonly Step[] _steps;
    private readonly EventList _events;
    private readonly DeadEnds _deadEnds;
    private readonly Stack<(int Node, int State, bool OnlyWay)> _path = new();
    private int _state;

    /// <param name="operations">Of one key, sorted by start.</param>
    /// <param name="maxSteps">When to give up.</param>
    public KeySearch(IReadOnlyList<Operation> operations, long maxSteps)
    {
        _maxSteps = maxSteps;
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        int Number(string? value)
        {
            if (value is null)
                return 0;
            if (!numbers.TryGetValue(value, out var number))
                numbers.Add(value, number = numbers.Count + 1);
            return number;
        }
        _steps = [.. operations.Select((o, i) => Step.Of(o, i, Number))];
        _events = new EventList(operations);
        _deadEnds = new DeadEnds(_steps);
    }

    public long Steps { get; private set; }

    public SearchResult Run()
    {
        var (at, unknowns, fresh) = (_events.First, false, true);
        while (_events.OpenEnds > 0)
        {
            if (++Steps > _maxSteps)
                return SearchResult.TooLong;
            if (fresh && FindOnlyWay() is var only and >= 0)
            {
                Place(only, _state, onlyWay: true);
                (at, unknowns) = (_events.First, false);
            }
            else if (!_events.IsEnd(at))
            {
                fresh = _steps[_events.OperationOf(at)].Optional == unknowns && TryPlace(at);
                (at, unknowns) = fresh ? (_events.First, false) : (_events.After(at), unknowns);
            }
            else if (!unknowns)
            {
                (at, unknowns, fresh) = (_events.First, true, false);
            }
            else
            {
                if (!TryTakeBack(out var node))
                    return SearchResult.None;
                (at, unknowns, fresh) = (_events.After(node), _steps[_events.OperationOf(node)].Optional, false);
            }
        }
        return SearchResult.Found;
    }

    /// <summary>What changes nothing and fits now can as well come now: no other way needs to be tried.</summary>
    private int FindOnlyWay()
    {
        for (var at = _events.First; !_events.IsEnd(at); at = _events.After(at))
        {
            var step = _steps[_events.OperationOf(at)];
            if (!step.Changes && step.TryFrom(_state, out _))
                return at;
        }
        return -1;
    }

    private bool TryPlace(int node)
    {
        var step = _steps[_events.OperationOf(node)];
        if (!step.TryFrom(_state, out var next) || (step.Optional && !Enables(step, next)))
            return false;
        if (_deadEnds.Knows(step, next))
            return false;
        Place(node, next, onlyWay: false);
        return true;
    }

    /// <summary>
    /// A change of unknown outcome is only worth placing if something that may come next fits after it and did not
    /// before: otherwise it could as well come later, or never.
    /// </summary>
    private bool Enables(Step change, int next)
    {
        for (var at = _events.First; !_events.IsEnd(at); at = _events.After(at))
        {
            var step = _steps[_events.OperationOf(at)];
            if (step.Index != change.Index && step.TryFrom(next, out _) && !step.TryFrom(_state, out _))
                return true;
        }
        return false;
    }

    private void Place(int node, int next, bool onlyWay)
    {
        var operation = _events.OperationOf(node);
        _path.Push((node, _state, onlyWay));
        _state = next;
        _deadEnds.Flip(_steps[operation]);
        _events.TakeOut(node);
    }

    /// <summary>Undoes the last choice, and what followed from it without one; false when there is none.</summary>
    private bool TryTakeBack(out int node)
    {
        bool onlyWay;
        do
        {
            if (!_path.TryPop(out var last))
            {
                node = -1;
                return false;
            }
            (node, _state, onlyWay) = last;
            _deadEnds.Flip(_steps[_events.OperationOf(node)]);
            _events.PutBack(node);
        }
        while (onlyWay);
        return true;
    }
}
