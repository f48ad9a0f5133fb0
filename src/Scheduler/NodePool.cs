using System.Collections.Immutable;

namespace Swarm.Scheduler;

/// <summary>
/// Nodes by how many tasks they have, for all groups of a round: a group walks from the emptiest on and stops when
/// it has what it needs, so a small service on a large cluster costs a few looks and not one at every node.
/// </summary>
internal sealed class NodePool
{
    private readonly List<List<Candidate>> _byTotal = [];

    internal NodePool(IEnumerable<Candidate> nodes)
    {
        foreach (var node in nodes)
        {
            Add(node, new Seat(this));
        }
    }

    /// <summary>The nodes with so many tasks; empty beyond <see cref="Levels"/>.</summary>
    internal IReadOnlyList<Candidate> At(int total) => _byTotal[total];

    /// <summary>One more than the most tasks of a node.</summary>
    internal int Levels => _byTotal.Count;

    private void Add(Candidate node, Seat seat)
    {
        while (_byTotal.Count <= node.Total)
        {
            _byTotal.Add([]);
        }

        (seat.Total, seat.Position) = (node.Total, _byTotal[node.Total].Count);
        _byTotal[node.Total].Add(node);
        node.Seats.Add(seat);
    }

    /// <summary>Where a node sits in one pool.</summary>
    internal sealed class Seat(NodePool pool)
    {
        internal int Total { get; set; }

        internal int Position { get; set; }

        /// <summary>To the level of what the node has now; its last neighbour takes its place.</summary>
        internal void Move(Candidate node)
        {
            if (Total == node.Total)
            {
                return;
            }

            var level = pool._byTotal[Total];
            var last = level[^1];
            level[Position] = last;
            last.Seats.Find(s => s.IsOf(pool))!.Position = Position;
            level.RemoveAt(level.Count - 1);
            node.Seats.Remove(this);
            pool.Add(node, this);
        }

        private bool IsOf(NodePool other) => ReferenceEquals(pool, other);
    }
}

/// <summary>
/// One group's walk over a pool: every node that has nothing of the service yet, the emptiest first. Each service
/// begins elsewhere within a level, so that not every first task lands on the same node.
/// </summary>
internal sealed class PoolWalk(NodePool pool, uint service)
{
    private int _total = -1;
    private int _step;
    private IReadOnlyList<Candidate> _level = [];

    /// <summary>The next node, or null after the last. The pool must not change meanwhile.</summary>
    internal Candidate? Next()
    {
        while (_step == _level.Count)
        {
            if (_total + 1 >= pool.Levels)
            {
                return null;
            }

            (_step, _level) = (0, pool.At(++_total));
        }

        var at = (int)((service + (uint)_step++) % (uint)_level.Count);
        return _level[at];
    }
}
