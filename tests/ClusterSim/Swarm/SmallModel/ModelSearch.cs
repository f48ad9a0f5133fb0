using System.Runtime.InteropServices;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// Every state once, those with most failures left first: what has been gone through with more of them need not be
/// gone through with fewer. Between two failures depth first; a way back to a state of the same way is a livelock.
/// </summary>
internal sealed class ModelSearch
{
    /// <summary>How many failures were left, at the most, when a state was come to.</summary>
    private readonly Dictionary<UInt128, sbyte> _visited = [];
    private readonly HashSet<UInt128> _way = [];
    private readonly long _most;
    private List<ModelState> _entered = [];

    /// <param name="most">States after which the search gives up; 0 = none.</param>
    public ModelSearch(long most = 0) => _most = most;

    public long States => _visited.Count;

    /// <summary>All states were gone through.</summary>
    public bool IsExhausted { get; private set; }

    public long Steps { get; private set; }

    public long AtRest { get; private set; }

    public int Longest { get; private set; }

    /// <summary>How the search came to where it is.</summary>
    public Trail? Trail { get; private set; }

    /// <summary>After each number of failures: how many, and how many states there are so far.</summary>
    public Action<int, long>? Level { get; init; }

    public void Explore(ModelState start)
    {
        Walk(QuietSteps.Settle(start));
        for (var left = start.Failures; !IsFull; left--)
        {
            Level?.Invoke(start.Failures - left, States);
            if (left == 0)
            {
                IsExhausted = true;
                return;
            }
            var from = _entered;
            _entered = [];
            for (var i = 0; i < from.Count && !IsFull; i++)
            {
                foreach (var failure in ModelSteps.Failures(from[i]))
                    Walk(Follow(from[i], failure));
                from[i] = null!;
            }
        }
    }

    private bool IsFull => _most > 0 && States >= _most;

    /// <summary>Everything that follows without another failure.</summary>
    private void Walk(ModelState start)
    {
        var open = new Stack<(UInt128 Key, ModelState State, List<ModelStep> Steps, int Next)>();
        if (Enter(start) is not { } first)
            return;
        open.Push(first);
        while (open.Count > 0 && !IsFull)
        {
            var (key, state, steps, next) = open.Pop();
            if (next == steps.Count)
            {
                _way.Remove(key);
                continue;
            }
            open.Push((key, state, steps, next + 1));
            if (Enter(Follow(state, steps[next])) is { } entered)
                open.Push(entered);
            Longest = Math.Max(Longest, open.Count);
        }
        _way.Clear();
    }

    private ModelState Follow(ModelState from, ModelStep step)
    {
        Steps++;
        Trail = new Trail(step.Name, from.Trail);
        return QuietSteps.Settle(step.Next with { Trail = Trail });
    }

    /// <summary>Null when everything that can follow is known.</summary>
    private (UInt128 Key, ModelState State, List<ModelStep> Steps, int Next)? Enter(ModelState state)
    {
        var key = ModelKey.Of(state);
        if (_way.Contains(key))
            throw new ViolationException("L1", "it goes round in a circle");
        ref var left = ref CollectionsMarshal.GetValueRefOrAddDefault(_visited, key, out var isKnown);
        if (isKnown && left >= state.Failures)
            return null;
        left = (sbyte)state.Failures;
        _way.Add(key);
        if (state.Failures > 0)
            _entered.Add(state);
        Trail = state.Trail;
        var steps = ModelSteps.Of(state);
        if (steps.Count == 0)
        {
            AtRest++;
            ModelRules.AtRest(state);
        }
        steps.AddRange(ModelSteps.Wishes(state));
        return (key, state, steps, 0);
    }
}
