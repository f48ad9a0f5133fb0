using Swarm.Raft.Core;

namespace Swarm.Raft;

/// <summary>
/// Drives a <see cref="RaftMachine"/> with an inbox and a clock, by turns: one at a time. Who brings messages takes a
/// turn himself while the raft thread sleeps, because waking it would take longer than many a turn; the raft thread
/// takes what it is called for, and the clock when nobody else has the turn. Whoever ends a turn looks again at inbox
/// and clock before he goes, so what comes during a turn needs no one to be woken.
/// </summary>
internal sealed class RaftLoop
{
    /// <summary>The machine settles after so many messages of one batch, so that answers do not wait for all.</summary>
    private const int MessagesPerSettle = 512;

    /// <summary>Somebody who lends his thread gets it back after so many turns: then the raft thread goes on.</summary>
    private const int TurnsLent = 3;

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
        machine.AsideEnded = inbox.Call;
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
            var othersAct = false;
            while (!_inbox.Closed)
            {
                var called = _inbox.Await(othersAct ? RaftNodeOptions.TickMs : _clock.MsUntilTick(), othersAct);
                othersAct = !TryTakeTurn(called);
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
    /// Messages came: they are acted on here and now, or by whoever has the turn already. Only for callers that may
    /// wait for the disk.
    /// </summary>
    public void Act(IReadOnlyList<RaftMessage> messages)
    {
        _inbox.Put(messages);
        Act();
    }

    /// <summary>As <see cref="Act(IReadOnlyList{RaftMessage})"/>, for what lies in the inbox already.</summary>
    public void Act()
    {
        for (var turns = 1; !_due && !_turn.IsHeldByCurrentThread && _turn.TryEnter(); turns++)
        {
            var answers = EndTurn();
            var goesOn = _inbox.HasSome || _clock.MsUntilTick() == 0;
            AnswerQueue.Deliver(answers, mayRunHere: !goesOn);
            if (!goesOn)
                return;
            if (turns == TurnsLent)
            {
                _inbox.Call();
                return;
            }
        }
    }

    /// <summary>
    /// The raft thread's turn. False when somebody else has it and nobody called: he looks after the clock as well.
    /// Who calls has more than one who lends his thread should do, so those stand back.
    /// </summary>
    private bool TryTakeTurn(bool called)
    {
        if (called)
        {
            _due = true;
            _turn.Enter();
        }
        else if (!_turn.TryEnter())
            return false;
        _due = false;
        AnswerQueue.Deliver(EndTurn(), mayRunHere: false);
        return true;
    }

    /// <summary>Uses the turn that was taken. Who gets an answer is told after it.</summary>
    private List<ProposalRequest>? EndTurn()
    {
        try
        {
            Guard(Turn);
            return Answers.Take();
        }
        finally
        {
            _turn.Exit();
        }
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

    /// <summary>Messages go before ticks, so that a thread that was held up hears its leader before it doubts
    /// it.</summary>
    private void Turn()
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
