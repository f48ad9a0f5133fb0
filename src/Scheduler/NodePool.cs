namespace Swarm.Scheduler;

/// <summary>
/// Nodes by how many tasks they have, for all groups: a group walks from the emptiest on and stops when it has what
/// it needs, so a small service on a large cluster costs a few looks and not one at every node.
/// </summary>
internal sealed class NodePool(SpreadTree tree)
{
    private readonly List<List<Seat>> _byTotal = [];

    /// <summary>The whole that it is a leaf of.</summary>
    private SpreadTree Tree => tree;

    /// <summary>The nodes with so many tasks; empty beyond <see cref="Levels"/>.</summary>
    internal List<Seat> At(int total) => _byTotal[total];

    /// <summary>One more than the most tasks of a node.</summary>
    internal int Levels => _byTotal.Count;

    internal void Add(Candidate node)
    {
        var seat = new Seat(this, node);
        node.Seats.Add(seat);
        Take(seat);
    }

    private void Take(Seat seat)
    {
        var total = seat.Node.Total;
        while (_byTotal.Count <= total)
        {
            _byTotal.Add([]);
        }

        (seat.Total, seat.Position) = (total, _byTotal[total].Count);
        _byTotal[total].Add(seat);
    }

    /// <summary>Where a node sits in one pool.</summary>
    internal sealed class Seat(NodePool pool, Candidate node)
    {
        internal Candidate Node { get; } = node;

        internal int Total { get; set; }

        internal int Position { get; set; }

        internal bool IsIn(SpreadTree other) => ReferenceEquals(pool.Tree, other.Root);

        /// <summary>To the level of what the node has now.</summary>
        internal void Move()
        {
            if (Total != Node.Total)
            {
                Leave();
                pool.Take(this);
            }
        }

        /// <summary>The last neighbour takes its place.</summary>
        internal void Leave()
        {
            var level = pool._byTotal[Total];
            var last = level[^1];
            level[Position] = last;
            last.Position = Position;
            level.RemoveAt(level.Count - 1);
        }
    }
}

/// <summary>
/// One group's walk over a pool: every node that has nothing of the service yet, the emptiest first. Each service
/// begins elsewhere within a level, so that not every first task lands on the same node.
/// </summary>
internal sealed class PoolWalk(NodePool pool, uint service)
{
    private int _total = -1;
    private int _left;
    private int _at;
    private List<NodePool.Seat> _level = [];

    /// <summary>The next node, or null after the last. The pool must not change meanwhile.</summary>
    internal Candidate? Next()
    {
        while (_left == 0)
        {
            if (_total + 1 >= pool.Levels)
            {
                return null;
            }

            _level = pool.At(++_total);
            _left = _level.Count;
            _at = _left == 0 ? 0 : (int)(service % (uint)_left);
        }

        _left--;
        var node = _level[_at].Node;
        _at = _at + 1 == _level.Count ? 0 : _at + 1;
        return node;
    }
}
