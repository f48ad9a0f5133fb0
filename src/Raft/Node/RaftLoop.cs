using Swarm.Raft.Core;

namespace Swarm.Raft;

/// <summary>
/// Drives a <see cref="RaftMachine"/> with an inbox and a clock, by turns: one at a time. The raft thread has the clock
/// and takes what nobody else does; who brings messages takes a turn himself when the thread sleeps, because waking it
/// would take longer than many a turn.
/// </summary>
internal sealed class RaftLoop
{
    /// <summary>The machine settles after so many messages of one batch, so that answers do not wait for all.</summary>
    private const int MessagesPerSettle = 512;

    private readonly RaftNodeOptions _options;
    private readonly RaftMachine _machine;
    private readonly Inbox _inbox;
    private readonly TickClock _clock;
    private readonly Lock _turn = new();
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<NodeRequest> _requests = [];
    private List<RaftMessage> _messages = [];
    private (long Ticks, long Steps) _published;
    private long _ticks;
    private long _turns;
    private volatile bool _due;

    public RaftLoop(RaftNodeOptions options, RaftMachine machine, Inbox inbox)
    {
        (_options, _machine, _inbox) = (options, machine, inbox);
        _clock = new TickClock(options.TimeProvider);
        Board = new StatusBoard(Picture(), options.Log);
        machine.AsideEnded = inbox.Wake;
        machine.Settled = Publish;
    }

    public StatusBoard Board { get; }

    /// <summary>For proposals whose callers are told after the turn.</summary>
    public AnswerQueue Answers { get; } = new();

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

    /// <summary>The raft thread: runs until the inbox is closed, or until nothing can be trusted any more.</summary>
    public void Run()
    {
        try
        {
            lock (_turn)
                Guard(_machine.Settle);
            while (!_inbox.Closed)
            {
                _inbox.Await(_clock.MsUntilTick());
                // Those who help stand back, or they could keep the clock waiting.
                _due = true;
                List<ProposalRequest>? answers;
                lock (_turn)
                {
                    _due = false;
                    Guard(TurnAndTick);
                    answers = Answers.Take();
                }
                AnswerQueue.Deliver(answers, mayRunHere: false);
            }
        }
        finally
        {
            List<ProposalRequest>? answers;
            lock (_turn)
            {
                Stop();
                answers = Answers.Take();
            }
            AnswerQueue.Deliver(answers, mayRunHere: false);
        }
    }

    /// <summary>
    /// Messages came: they are acted on here and now, or by the raft thread when somebody has a turn already. Only for
    /// callers that may wait for the disk.
    /// </summary>
    public void Act(IReadOnlyList<RaftMessage> messages)
    {
        _inbox.Put(messages);
        Act();
    }

    /// <summary>As <see cref="Act(IReadOnlyList{RaftMessage})"/>, for what lies in the inbox already.</summary>
    public void Act()
    {
        if (_due || _turn.IsHeldByCurrentThread || !_turn.TryEnter())
        {
            _inbox.Call();
            return;
        }
        List<ProposalRequest>? answers;
        try
        {
            Guard(Turn);
            answers = Answers.Take();
        }
        finally
        {
            _turn.Exit();
        }
        AnswerQueue.Deliver(answers, mayRunHere: true);
    }

    private void Guard(Action turn)
    {
        if (_inbox.Closed)
            return;
        try
        {
            Interlocked.Increment(ref _turns);
            turn();
        }
        catch (Exception e)
        {
            _options.Log?.Invoke($"raft member {_options.Id} stops: {e.Message}");
            _failed.TrySetResult(e);
            _inbox.Close();
        }
    }

    private void Turn()
    {
        TakeMessages();
        TakeRequests();
        _machine.Settle();
    }

    /// <summary>Messages go before ticks, so that a thread that was held up hears its leader before it doubts
    /// it.</summary>
    private void TurnAndTick()
    {
        TakeMessages();
        var ticks = _clock.TakeTicks(_options.HeartbeatMs / RaftNodeOptions.TickMs);
        for (var i = 0; i < ticks; i++)
            _machine.Tick();
        _ticks += ticks;
        TakeRequests();
        _machine.Settle();
    }

    private void TakeMessages()
    {
        _inbox.Take(ref _requests, ref _messages);
        for (var i = 0; i < _messages.Count; i++)
        {
            _machine.Receive(_messages[i]);
            if (i % MessagesPerSettle == MessagesPerSettle - 1)
                _machine.Settle();
        }
        _messages.Clear();
    }

    private void TakeRequests()
    {
        for (var i = 0; i < _requests.Count; i++)
            _machine.HandIn(_requests[i]);
        _requests.Clear();
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
        _inbox.Take(ref _requests, ref _messages);
        foreach (var request in _requests)
            request.Refuse(NotDoneReason.Stopped, "this node is stopping", null);
        _machine.Dispose();
        Board.Withdraw(stalled: false);
    }
}
