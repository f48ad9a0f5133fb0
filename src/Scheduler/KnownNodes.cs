using System.Numerics;

namespace Swarm.Scheduler;

/// <summary>
/// Nodes that have something of the service already, the best first. One that takes a task gets one slot and one task
/// more, so those that did keep their order among themselves: they stand in a row behind each other and are merged
/// with the rest. Of the rest only so many are sorted as may be asked for.
/// </summary>
internal sealed class KnownNodes
{
    /// <summary>The least that is sorted at once.</summary>
    private const int MinSorted = 64;

    private readonly uint _service;
    private readonly ulong[] _ranks;
    private readonly Candidate[] _nodes;
    private readonly int _count;
    private int _sorted;
    private int _next;
    private int _piece;

    /// <summary>Those that took something, in a ring: the first, and how many.</summary>
    private readonly ulong[] _againRanks;
    private readonly Candidate[] _again;
    private int _first;
    private int _waiting;

    /// <param name="nodes">In any order.</param>
    /// <param name="service">Of which the group is.</param>
    /// <param name="tasks">How many of it are to be placed.</param>
    internal KnownNodes(List<Candidate> nodes, uint service, int tasks)
    {
        (_service, _count) = (service, nodes.Count);
        (_ranks, _nodes) = (new ulong[_count], new Candidate[_count]);
        for (var i = 0; i < _count; i++)
        {
            (_nodes[i], _ranks[i]) = (nodes[i], nodes[i].RankFor(service));
        }

        _piece = Math.Max(MinSorted, tasks);
        // Each node stands in one of the two, and at most one waits for each task.
        var most = Math.Min(_count, tasks);
        (_againRanks, _again) = (new ulong[most], new Candidate[most]);
    }

    /// <summary>The best one that takes another task, which it has taken; null when none is left.</summary>
    internal Candidate? Take(GroupAsks asks)
    {
        while (Pop() is { } best)
        {
            if (asks.TryTake(best))
            {
                var at = (_first + _waiting++) % _again.Length;
                (_again[at], _againRanks[at]) = (best, best.RankFor(_service));
                return best;
            }

            // It is full for this group: nothing in the group's round frees anything.
        }

        return null;
    }

    private Candidate? Pop()
    {
        if (_next == _sorted && _sorted < _count)
        {
            SortMore();
        }

        if (_waiting > 0 && (_next == _count || _againRanks[_first] < _ranks[_next]))
        {
            var node = _again[_first];
            _first = _first + 1 == _again.Length ? 0 : _first + 1;
            _waiting--;
            return node;
        }

        return _next < _count ? _nodes[_next++] : null;
    }

    /// <summary>Brings the best of those that are left to the front, and into order.</summary>
    private void SortMore()
    {
        var end = _count - _sorted <= 2 * _piece ? _count : _sorted + _piece;
        var until = end == _count ? _count : Select(_sorted, end);
        Array.Sort(_ranks, _nodes, _sorted, until - _sorted);
        _sorted = end;
        _piece *= 2;
    }

    /// <summary>Parts what is left until everything before <paramref name="end"/> is at most what comes behind; gives
    /// where the unsorted part of the front ends, which is everything when that takes too many rounds.</summary>
    private int Select(int start, int end)
    {
        var (low, high) = (start, _count - 1);
        for (var rounds = 2 * BitOperations.Log2((uint)_count) + 2; low < high; rounds--)
        {
            if (rounds == 0)
            {
                return _count;
            }

            var middle = Part(low, high);
            (low, high) = middle < end ? (middle + 1, high) : (low, middle);
            if (middle + 1 == end)
            {
                break;
            }
        }

        return end;
    }

    /// <summary>Everything up to the place that it gives is at most what comes behind; both sides have some.</summary>
    private int Part(int low, int high)
    {
        var (a, b, c) = (_ranks[low], _ranks[(low + high) >>> 1], _ranks[high]);
        var pivot = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
        var (left, right) = (low - 1, high + 1);
        while (true)
        {
            do
            {
                left++;
            }
            while (_ranks[left] < pivot);
            do
            {
                right--;
            }
            while (_ranks[right] > pivot);
            if (left >= right)
            {
                return right;
            }

            (_ranks[left], _ranks[right]) = (_ranks[right], _ranks[left]);
            (_nodes[left], _nodes[right]) = (_nodes[right], _nodes[left]);
        }
    }
}
