namespace Swarm.Scheduler;

/// <summary>
/// One group's way through a tree. Each task goes down to the branch with the fewest slots of the service that can
/// still take one, so branches even out whatever their size; in a leaf to the best node.
/// </summary>
internal sealed class SpreadWalk
{
    private readonly PriorityQueue<SpreadWalk, (int Slots, uint Tie)>? _branches;
    private readonly PoolWalk? _fresh;
    private List<Candidate> _open = [];
    private readonly List<Candidate> _taken = [];
    private readonly GroupAsks _asks;
    private readonly SpreadTree _tree;
    private KnownNodes? _known;
    private int _slots;

    /// <param name="tree">Where.</param>
    /// <param name="known">Nodes below it that have slots or failures of the service.</param>
    /// <param name="asks">What the group wants.</param>
    /// <param name="level">Depth of <paramref name="tree"/>.</param>
    internal SpreadWalk(SpreadTree tree, List<Candidate> known, GroupAsks asks, int level = 0)
    {
        (_asks, _tree) = (asks, tree);
        foreach (var node in known)
        {
            _slots += node.Slots;
        }

        if (tree.Pool is not null)
        {
            _fresh = new PoolWalk(tree.Pool, asks.Service);
            _open = known;
            return;
        }

        var label = asks.Labels[level];
        var below = known.ToLookup(n => label.ValueOf(n.Node), StringComparer.Ordinal);
        _branches = new PriorityQueue<SpreadWalk, (int Slots, uint Tie)>(tree.Branches.Count);
        foreach (var branch in tree.Branches)
        {
            var tie = Store.StableHash.Combine(asks.Service, branch.Hash);
            var walk = new SpreadWalk(branch, [.. below[branch.Value]], asks, level + 1) { Tie = tie };
            _branches.Enqueue(walk, (walk._slots, tie));
        }
    }

    private uint Tie { get; init; }

    /// <summary>Gives the nodes that have slots of the service, when it has not been asked which they are; not those
    /// that this walk gave something. Nodes without any task have none.</summary>
    internal Func<List<Candidate>>? Later { get; set; }

    /// <summary>The best node that can take one more task, which it has taken; null when none is left.</summary>
    internal Candidate? Place()
    {
        var found = _branches is null ? PlaceOnNode() : PlaceInBranch(_branches);
        _slots += found is null ? 0 : 1;
        return found;
    }

    private Candidate? PlaceOnNode()
    {
        while (_fresh!.Next() is { } fresh)
        {
            if (fresh.Total > 0)
            {
                Load();
            }

            if (!fresh.IsKnown && _asks.TryTake(fresh))
            {
                _taken.Add(fresh);
                return fresh;
            }
        }

        Load();
        _known ??= Known();
        return _known.Take(_asks);
    }

    private void Load()
    {
        if (Later is { } load)
        {
            Later = null;
            _open = load();
        }
    }

    /// <summary>Those that have something already, when all others are used up: often they never are.</summary>
    private KnownNodes Known()
    {
        _open.RemoveAll(n => !n.IsIn(_tree));
        _open.AddRange(_taken);
        return new KnownNodes(_open, _asks.Service, _asks.Tasks);
    }

    private static Candidate? PlaceInBranch(PriorityQueue<SpreadWalk, (int Slots, uint Tie)> branches)
    {
        while (branches.TryPeek(out var branch, out _))
        {
            if (branch.Place() is { } found)
            {
                branches.DequeueEnqueue(branch, (branch._slots, branch.Tie));
                return found;
            }

            branches.Dequeue();
        }

        return null;
    }
}
