using Swarm.Raft.Core;

namespace Swarm.Raft;

/// <summary>The body of the raft thread: a <see cref="RaftMachine"/> with an inbox and a clock.</summary>
internal sealed class RaftLoop
{
    /// <summary>The machine settles after so many messages of one batch, so that answers do not wait for all.</summary>
    private const int MessagesPerSettle = 512;

    private readonly RaftNodeOptions _options;
    private readonly RaftMachine _machine;
    private readonly Inbox _inbox;
    private readonly TickClock _clock;
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<NodeRequest> _requests = [];
    private List<RaftMessage> _messages = [];
    private (long Ticks, long Steps) _published;
    private long _ticks;
    private long _turns;

    public RaftLoop(RaftNodeOptions options, RaftMachine machine, Inbox inbox)
    {
        (_options, _machine, _inbox) = (options, machine, inbox);
        _clock = new TickClock(options.TimeProvider);
        Board = new StatusBoard(Picture(), options.Log);
        machine.AsideEnded = inbox.Wake;
        machine.Settled = Publish;
    }

    public StatusBoard Board { get; }

    public Task<Exception> Failed => _failed.Task;

    /// <summary>Grows as long as the thread gets on with its work.</summary>
    public long Steps => Interlocked.Read(ref _turns) + _machine.Steps;

    /// <summary>The watchdog found that the thread hangs, or that it goes on.</summary>
    public void OnStalled(bool stalled)
    {
        if (!stalled)
            return;
        _machine.DemandStepDown();
        Board.Withdraw(stalled: true);
    }

    /// <summary>Runs until the inbox is closed, or until nothing can be trusted any more.</summary>
    public void Run()
    {
        try
        {
            _machine.Settle();
            while (!_inbox.Closed)
                Turn();
        }
        catch (Exception e)
        {
            _options.Log?.Invoke($"raft member {_options.Id} stops: {e.Message}");
            _failed.TrySetResult(e);
        }
        finally
        {
            Stop();
        }
    }

    /// <summary>
    /// One turn. Messages go before ticks, so that a thread that was held up hears its leader before it doubts it.
    /// </summary>
    private void Turn()
    {
        Interlocked.Increment(ref _turns);
        _inbox.Take(ref _requests, ref _messages, _clock.MsUntilTick());
        for (var i = 0; i < _messages.Count; i++)
        {
            _machine.Receive(_messages[i]);
            if (i % MessagesPerSettle == MessagesPerSettle - 1)
                _machine.Settle();
        }
        _messages.Clear();
        var ticks = _clock.TakeTicks(_options.HeartbeatMs / RaftNodeOptions.TickMs);
        for (var i = 0; i < ticks; i++)
            _machine.Tick();
        _ticks += ticks;
        for (var i = 0; i < _requests.Count; i++)
            _machine.HandIn(_requests[i]);
        _requests.Clear();
        _machine.Settle();
    }

    private void Publish()
    {
        var now = (_ticks, _machine.Steps);
        if (now != _published)
            Board.Publish(Picture());
        _published = now;
    }

    private RaftStatus Picture() => _machine.Picture() with { DroppedMessages = _inbox.Dropped };

    private void Stop()
    {
        _inbox.Close();
        _inbox.Take(ref _requests, ref _messages, 0);
        foreach (var request in _requests)
            request.Refuse(NotDoneReason.Stopped, "this node is stopping", null);
        _machine.Dispose();
        Board.Withdraw(stalled: false);
    }
}
