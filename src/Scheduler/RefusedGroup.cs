using Swarm.Model;

namespace Swarm.Scheduler;

/// <summary>
/// Tasks that no node can take, and why each node refused them. As long as the nodes that changed refuse them too
/// nobody has to ask the others again, however many they are.
/// </summary>
public sealed class RefusedGroup
{
    private readonly Fleet _fleet;
    private readonly GroupAsks _asks;
    private readonly Func<ServiceSpread> _spread;
    private readonly HashSet<int>? _pinned;
    private readonly int[] _counts = new int[(int)Verdict.Fits + 1];
    private byte[] _verdicts = [];
    private long _clock = -1;

    /// <param name="fleet">The nodes.</param>
    /// <param name="asks">What the group wants.</param>
    /// <param name="spread">Where its service lies now.</param>
    /// <param name="pinned">Nodes that its tasks belong to; null when any will do.</param>
    internal RefusedGroup(Fleet fleet, GroupAsks asks, Func<ServiceSpread> spread, HashSet<int>? pinned) =>
        (_fleet, _asks, _spread, _pinned) = (fleet, asks, spread, pinned);

    /// <summary>Each task belongs to a node of its own and has a reason of its own.</summary>
    public bool IsPinned => _pinned is not null;

    /// <summary>Why, for tasks that any node will do for.</summary>
    public string Why => Explanation.Of(_counts);

    /// <summary>Looks at the nodes that changed; false when one of them might take a task now.</summary>
    public bool Holds()
    {
        var changed = _clock < 0 ? null : _fleet.ChangedSince(_clock);
        if (changed is null && (_pinned is not null && _clock >= 0))
        {
            return false;
        }

        _clock = _fleet.Clock;
        return _pinned is not null ? changed?.Any(n => _pinned.Contains(n.Index)) != true
            : changed is null ? JudgeAll()
            : changed.All(Judge);
    }

    private bool JudgeAll()
    {
        Array.Clear(_counts);
        _verdicts = new byte[_fleet.Size];
        var holds = true;
        foreach (var node in _fleet.All)
        {
            holds &= Judge(node);
        }

        return holds;
    }

    /// <summary>True when the node refuses. A node that is gone counts no more.</summary>
    private bool Judge(Candidate node)
    {
        if (_verdicts.Length <= node.Index)
        {
            Array.Resize(ref _verdicts, Math.Max(_fleet.Size, node.Index + 1));
        }

        // Stored one higher: 0 = not counted.
        ref var stored = ref _verdicts[node.Index];
        if (stored > 0)
        {
            _counts[stored - 1]--;
        }

        if (node.IsGone)
        {
            stored = 0;
            return true;
        }

        var verdict = _asks.Judge(node, _asks.CountsCopies ? _spread().CopiesOn(node.Node.Id) : 0);
        // What fits but was not taken had no dynamic port left.
        var told = verdict == Verdict.Fits ? Verdict.HostPort : verdict;
        stored = (byte)(told + 1);
        _counts[(int)told]++;
        return verdict != Verdict.Fits;
    }
}
