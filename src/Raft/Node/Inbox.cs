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
    private bool _woken;
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

    /// <summary>None when the request was taken.</summary>
    /// <param name="request">What somebody waits for.</param>
    /// <param name="rouse">The raft thread is woken; else the caller acts, or calls <see cref="Call"/>.</param>
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
                Rouse();
            return NotDoneReason.None;
        }
    }

    /// <summary>Takes a message; the raft thread is woken.</summary>
    public void Post(RaftMessage message)
    {
        lock (_gate)
        {
            Add(message);
            Rouse();
        }
    }

    /// <summary>Takes messages for somebody who acts on them or calls <see cref="Call"/>.</summary>
    public void Put(IReadOnlyList<RaftMessage> messages)
    {
        lock (_gate)
        {
            for (var i = 0; i < messages.Count; i++)
                Add(messages[i]);
        }
    }

    /// <summary>Sleeps until something waits, but not longer than <paramref name="waitMs"/>.</summary>
    public void Await(int waitMs)
    {
        lock (_gate)
        {
            if (_requests.Count == 0 && _messages.Count == 0 && !_closed && !_woken && waitMs > 0)
            {
                _sleeps = true;
                Monitor.Wait(_gate, waitMs);
                _sleeps = false;
            }
            _woken = false;
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

    /// <summary>Ends a sleep, for what was put in.</summary>
    public void Call()
    {
        lock (_gate)
            Rouse();
    }

    /// <summary>Ends a sleep, now or the next one, although nothing was put in.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _woken = true;
            Rouse();
        }
    }

    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Rouse();
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
    private void Rouse()
    {
        if (!_sleeps)
            return;
        _sleeps = false;
        Monitor.Pulse(_gate);
    }
}
