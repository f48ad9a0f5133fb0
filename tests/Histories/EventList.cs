namespace Swarm.Histories;

/// <summary>
/// Starts and ends of operations by time, as a list from which an operation is taken and to which it is put back in
/// the reverse order. Node 2i is the start of operation i, node 2i + 1 its end.
/// </summary>
internal sealed class EventList
{
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly bool[] _ends;
    private readonly int _head;

    /// <summary>At equal times starts come first: operations that touch overlap.</summary>
    public EventList(IReadOnlyList<Operation> operations)
    {
        var nodes = new List<(long At, bool End, int Node)>();
        _ends = new bool[operations.Count];
        for (var i = 0; i < operations.Count; i++)
        {
            nodes.Add((operations[i].StartNs, false, 2 * i));
            if (operations[i].Outcome != OperationOutcome.Known)
                continue;
            nodes.Add((operations[i].EndNs!.Value, true, (2 * i) + 1));
            _ends[i] = true;
            OpenEnds++;
        }
        nodes.Sort();
        _head = 2 * operations.Count;
        _next = new int[_head + 1];
        _previous = new int[_head + 1];
        var last = _head;
        foreach (var (_, _, node) in nodes)
        {
            (_next[last], _previous[node]) = (node, last);
            last = node;
        }
        _next[last] = -1;
    }

    /// <summary>Answered operations that are in the list.</summary>
    public int OpenEnds { get; private set; }

    public int First => _next[_head];

    public int After(int node) => _next[node];

    public bool IsEnd(int node) => (node & 1) == 1;

    public int OperationOf(int node) => node >> 1;

    public void TakeOut(int start)
    {
        Unlink(start);
        if (!_ends[start >> 1])
            return;
        Unlink(start + 1);
        OpenEnds--;
    }

    public void PutBack(int start)
    {
        if (_ends[start >> 1])
        {
            Link(start + 1);
            OpenEnds++;
        }
        Link(start);
    }

    private void Unlink(int node)
    {
        var (before, after) = (_previous[node], _next[node]);
        _next[before] = after;
        if (after >= 0)
            _previous[after] = before;
    }

    private void Link(int node)
    {
        var (before, after) = (_previous[node], _next[node]);
        _next[before] = node;
        if (after >= 0)
            _previous[after] = node;
    }
}
