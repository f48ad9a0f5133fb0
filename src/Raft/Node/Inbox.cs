namespace Swarm.Raft;

/// <summary>
/// Bounded queue in front of the raft thread. Local requests and messages have bounds of their own, so that neither
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
    public NotDoneReason Post(NodeRequest request)
    {
        lock (_gate)
        {
            if (_closed)
                return NotDoneReason.Stopped;
            if (_requests.Count >= options.MaxQueuedRequests)
                return NotDoneReason.Busy;
            _requests.Add(request);
            Monitor.Pulse(_gate);
            return NotDoneReason.None;
        }
    }

    public void Post(RaftMessage message)
    {
        lock (_gate)
        {
            if (_closed || _messages.Count >= options.MaxQueuedMessages
                || _messageBytes + message.CostBytes > options.MaxQueuedMessageBytes)
            {
                Interlocked.Increment(ref _dropped);
                return;
            }
            _messageBytes += message.CostBytes;
            _messages.Add(message);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Swaps the given empty lists for what waits, after waiting for it at most <paramref
    /// name="waitMs"/>.</summary>
    public void Take(ref List<NodeRequest> requests, ref List<RaftMessage> messages, int waitMs)
    {
        lock (_gate)
        {
            if (_requests.Count == 0 && _messages.Count == 0 && !_closed && !_woken && waitMs > 0)
                Monitor.Wait(_gate, waitMs);
            _woken = false;
            (_requests, requests) = (requests, _requests);
            (_messages, messages) = (messages, _messages);
            _messageBytes = 0;
        }
    }

    /// <summary>Ends a wait although nothing was posted.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _woken = true;
            Monitor.Pulse(_gate);
        }
    }

    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }
    }
}
