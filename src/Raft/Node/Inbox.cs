namespace Swarm.Raft;

/// <summary>
/// Bounded queue in front of the machine. Local requests and messages have bounds of their own, so that neither
/// can shut the other out; everything that waits is taken at once.
/// </summary>
internal sealed class Inbox(RaftNodeOptions options)
{
    private readonly object _gate = new();
    private List<NodeRequest> _requests = [];
    private List<RaftMessage> _messages = [];
    private long _messageBytes;
    private long _dropped;
    private bool _closed;
    private bool _called;
    private bool _sleeps;

    public long Dropped => Interlocked.Read(ref _dropped);

    public bool Closed
    {
        get
        {
            lock (_gate)
                return _closed;
        }
    }

    /// <summary>Something waits that can still be acted on.</summary>
    public bool HasSome
    {
        get
        {
            lock (_gate)
                return !_closed && (_requests.Count > 0 || _messages.Count > 0);
        }
    }

    /// <summary>None when the request was taken.</summary>
    /// <param name="request">What somebody waits for.</param>
    /// <param name="rouse">The raft thread is woken; else the caller acts.</param>
    public NotDoneReason Post(NodeRequest request, bool rouse = true)
    {
        lock (_gate)
        {
            if (_closed)
                return NotDoneReason.Stopped;
            if (_requests.Count >= options.MaxQueuedRequests)
                return NotDoneReason.Busy;
            _requests.Add(request);
            if (rouse)
                Wake();
            return NotDoneReason.None;
        }
    }

    /// <summary>Takes a message; the raft thread is woken.</summary>
    public void Post(RaftMessage message)
    {
        lock (_gate)
        {
            Add(message);
            Wake();
        }
    }

    /// <summary>Takes messages for somebody who acts on them.</summary>
    public void Put(IReadOnlyList<RaftMessage> messages)
    {
        lock (_gate)
        {
            for (var i = 0; i < messages.Count; i++)
                Add(messages[i]);
        }
    }

    /// <summary>
    /// Sleeps until the raft thread is called, but not longer than <paramref name="waitMs"/>. False when nobody called.
    /// </summary>
    /// <param name="waitMs">0 or more.</param>
    /// <param name="othersAct">Somebody has the turn who looks into the inbox after it: what waits is his.</param>
    public bool Await(int waitMs, bool othersAct)
    {
        lock (_gate)
        {
            var waits = !othersAct && (_requests.Count > 0 || _messages.Count > 0);
            if (!waits && !_called && waitMs > 0)
            {
                _sleeps = true;
                Monitor.Wait(_gate, waitMs);
                _sleeps = false;
            }
            var called = waits || _called;
            _called = false;
            return called;
        }
    }

    /// <summary>Swaps the given empty lists for what waits.</summary>
    public void Take(ref List<NodeRequest> requests, ref List<RaftMessage> messages)
    {
        lock (_gate)
        {
            (_requests, requests) = (requests, _requests);
            (_messages, messages) = (messages, _messages);
            _messageBytes = 0;
        }
    }

    /// <summary>Ends a sleep of the raft thread, now or the next one.</summary>
    public void Call()
    {
        lock (_gate)
            Wake();
    }

    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Wake();
        }
    }

    private void Add(RaftMessage message)
    {
        if (_closed || _messages.Count >= options.MaxQueuedMessages
            || _messageBytes + message.CostBytes > options.MaxQueuedMessageBytes)
        {
            Interlocked.Increment(ref _dropped);
            return;
        }
        _messageBytes += message.CostBytes;
        _messages.Add(message);
    }

    /// <summary>Once a sleep: waking a thread costs two changes of context, and this lock besides.</summary>
    private void Wake()
    {
        _called = true;
        if (!_sleeps)
            return;
        _sleeps = false;
        Monitor.Pulse(_gate);
    }
}
