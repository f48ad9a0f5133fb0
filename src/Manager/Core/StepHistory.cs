namespace Swarm.Manager.Core;

/// <summary>
/// The last steps of the state, by log index, so that a watcher that was away can go on where it stopped. Bounded by
/// steps and by changed objects; what is no longer there is said, never left out (raft-pitfalls R20).
/// </summary>
internal sealed class StepHistory(int maxSteps = StepHistory.MaxSteps, int maxChanges = StepHistory.MaxChanges)
{
    /// <summary>Entries that are remembered.</summary>
    internal const int MaxSteps = 4096;

    /// <summary>So many bytes of secrets and configs count as one more object.</summary>
    private const int PayloadBytesAnObject = 1024;

    /// <summary>Changed objects in them; one more entry than fits may be there.</summary>
    internal const int MaxChanges = 50_000;

    /// <summary>Room at the beginning: few managers of the many that are started ever fill the rest.</summary>
    private const int FirstSteps = 4;

    private StateStep[] _ring = new StateStep[Math.Min(maxSteps, FirstSteps)];
    private int _first;
    private int _changes;

    /// <summary>Everything that happened after this index is here.</summary>
    internal ulong Floor { get; private set; }

    internal int Count { get; private set; }

    /// <summary>Leader's clock at the oldest step that is remembered; null without one.</summary>
    internal DateTimeOffset? OldestAt => Count > 0 ? At(0).At : null;

    /// <summary>The next step; one that changed nothing is not remembered.</summary>
    internal void Add(StateStep step)
    {
        if (step.Changes.IsEmpty)
        {
            return;
        }

        var more = ChangesOf(step);
        while (Count > 0 && (Count == maxSteps || _changes + more > maxChanges))
        {
            DropOldest();
        }

        if (Count == _ring.Length)
        {
            Grow();
        }

        _ring[(_first + Count) % _ring.Length] = step.ToRemember();
        Count++;
        _changes += more;
    }

    /// <summary>The state jumped: nothing before this index can be told.</summary>
    internal void Reset(ulong index)
    {
        Array.Clear(_ring);
        (_first, Count, _changes, Floor) = (0, 0, 0, index);
    }

    /// <summary>The next steps after an index; false when some of them are forgotten.</summary>
    internal bool TryRead(ulong after, int most, out IReadOnlyList<StateStep> steps)
    {
        steps = [];
        if (after < Floor)
        {
            return false;
        }

        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = At(middle).Index > after ? (low, middle) : (middle + 1, high);
        }

        var found = new StateStep[Math.Min(most, Count - low)];
        for (var i = 0; i < found.Length; i++)
        {
            found[i] = At(low + i);
        }

        steps = found;
        return true;
    }

    private StateStep At(int place) => _ring[(_first + place) % _ring.Length];

    private void Grow()
    {
        var larger = new StateStep[Math.Min(maxSteps, _ring.Length * 2)];
        for (var i = 0; i < Count; i++)
        {
            larger[i] = At(i);
        }

        (_ring, _first) = (larger, 0);
    }

    private void DropOldest()
    {
        var oldest = _ring[_first];
        _ring[_first] = default;
        _first = (_first + 1) % _ring.Length;
        Count--;
        _changes -= ChangesOf(oldest);
        Floor = oldest.Index;
    }

    private static int ChangesOf(StateStep step)
    {
        var count = step.Changes.Tasks.Length + step.Changes.Services.Length + step.Changes.Nodes.Length + 1;
        foreach (var payload in step.Changes.Payloads)
        {
            count += 1 + ((payload.After ?? payload.Before)!.Data.Length / PayloadBytesAnObject);
        }

        return count;
    }
}
