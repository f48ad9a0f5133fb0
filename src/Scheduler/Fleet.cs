using System.Diagnostics.CodeAnalysis;
using Swarm.Model;
using Swarm.Store;

namespace Swarm.Scheduler;

/// <summary>
/// All nodes as the scheduler sees them, brought along from state to state by what changed. Who remembers something
/// about every node asks which of them changed since (<see cref="ChangedSince"/>).
/// </summary>
internal sealed class Fleet
{
    /// <summary>Trees that are kept; one more and the one that was not used for longest goes.</summary>
    private const int MaxTrees = 32;

    private readonly Dictionary<NodeId, Candidate> _byId = [];
    private readonly Dictionary<string, SpreadTree> _trees = new(StringComparer.Ordinal);
    private readonly List<Candidate?> _byIndex = [];
    private readonly Stack<int> _freeIndexes = new();
    private readonly List<Candidate> _changed = [];
    private long _forgotten;
    private long _step;

    /// <summary>One more than the highest index of a node.</summary>
    internal int Size => _byIndex.Count;

    internal IEnumerable<Candidate> All => _byIndex.OfType<Candidate>();

    /// <summary>How many changes there were.</summary>
    internal long Clock => _forgotten + _changed.Count;

    internal bool TryGet(NodeId id, [MaybeNullWhen(false)] out Candidate node) => _byId.TryGetValue(id, out node);

    /// <summary>Nodes that changed, came or went since, some more than once; null when that is forgotten.</summary>
    internal IEnumerable<Candidate>? ChangedSince(long clock) =>
        clock < _forgotten ? null : _changed.Skip((int)(clock - _forgotten));

    internal void NoteChange(Candidate node) => _changed.Add(node);

    /// <summary>The nodes as in the delta's second state, also those that were <paramref name="touched"/> on the way.
    /// </summary>
    internal void Follow(StateDelta delta, IEnumerable<Candidate> touched)
    {
        _step++;
        foreach (var (before, after) in delta.Nodes)
        {
            Follow(before, after, delta.To);
        }

        foreach (var (id, usage) in delta.Used)
        {
            if (_byId.TryGetValue(id, out var node))
            {
                Refresh(node, usage);
            }
        }

        foreach (var node in touched)
        {
            if (node is { IsGone: false } && node.FreshAt != _step)
            {
                Refresh(node, delta.To.UsageOf(node.Node.Id));
            }
        }

        if (_changed.Count > 1024 + (4 * Size))
        {
            _forgotten += _changed.Count;
            _changed.Clear();
        }
    }

    /// <summary>The nodes that such a group may have at all, by its spread labels.</summary>
    internal SpreadTree TreeOf(PlacementRules rules)
    {
        if (!_trees.TryGetValue(rules.Key, out var tree))
        {
            if (_trees.Count == MaxTrees)
            {
                Drop(_trees.MinBy(t => t.Value.UsedAt));
            }

            _trees[rules.Key] = tree = new SpreadTree(rules);
            foreach (var node in All)
            {
                tree.Add(node);
            }
        }

        tree.UsedAt = _step;
        return tree;
    }

    private void Drop(KeyValuePair<string, SpreadTree> tree)
    {
        _trees.Remove(tree.Key);
        foreach (var node in All)
        {
            node.Seats.RemoveAll(s => s.IsIn(tree.Value));
        }
    }

    private void Follow(NodeRecord? before, NodeRecord? after, ClusterState state)
    {
        if (after is null)
        {
            if (_byId.Remove(before!.Id, out var gone))
            {
                LeaveTrees(gone);
                gone.IsGone = true;
                _byIndex[gone.Index] = null;
                _freeIndexes.Push(gone.Index);
                NoteChange(gone);
            }

            return;
        }

        if (_byId.TryGetValue(after.Id, out var node))
        {
            LeaveTrees(node);
            node.Become(after, state.UsageOf(after.Id));
        }
        else
        {
            node = new Candidate(after, state.UsageOf(after.Id), FreeIndex());
            _byIndex[node.Index] = node;
            _byId.Add(after.Id, node);
        }

        foreach (var tree in _trees.Values)
        {
            tree.Add(node);
        }

        NoteChange(node);
    }

    private void Refresh(Candidate node, NodeUsage usage)
    {
        node.FreshAt = _step;
        node.Become(node.Node, usage);
        node.MoveSeats();
        NoteChange(node);
    }

    private static void LeaveTrees(Candidate node)
    {
        foreach (var seat in node.Seats)
        {
            seat.Leave();
        }

        node.Seats.Clear();
    }

    private int FreeIndex()
    {
        if (_freeIndexes.TryPop(out var index))
        {
            return index;
        }

        _byIndex.Add(null);
        return _byIndex.Count - 1;
    }
}
