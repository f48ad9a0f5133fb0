using Swarm.Raft.Core;
using Swarm.Raft.Storage;

namespace Swarm.Raft;

/// <summary>What the loop drives.</summary>
internal sealed record RaftParts(RaftCore Core, WriteAheadLog Wal, IRaftTransport Transport, IStateMachine Machine);

/// <summary>The body of the raft thread. Everything but <see cref="Status"/> and <see cref="Failed"/> is its
/// own.</summary>
internal sealed class RaftLoop
{
    private readonly RaftNodeOptions _options;
    private readonly RaftCore _core;
    private readonly RaftParts _parts;
    private readonly Inbox _inbox;
    private readonly Waiting _waiting;
    private readonly AddressBook _addresses;
    private readonly TickClock _clock;
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<NodeRequest> _requests = [];
    private List<RaftMessage> _messages = [];
    private volatile RaftStatus _status;
    private RaftConfiguration? _announced;
    private ulong _applied;
    private long _refused;

    public RaftLoop(RaftNodeOptions options, RaftParts parts, Inbox inbox)
    {
        (_options, _parts, _inbox, _core) = (options, parts, inbox, parts.Core);
        _waiting = new Waiting(_core);
        _addresses = new AddressBook(_core);
        _clock = new TickClock(options.TimeProvider);
        _status = Picture();
    }

    public event Action<RaftStatus>? StatusChanged;

    public RaftStatus Status => _status;

    public Task<Exception> Failed => _failed.Task;

    /// <summary>Runs until the inbox is closed, or until nothing can be trusted any more.</summary>
    public void Run()
    {
        try
        {
            Settle();
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
        _inbox.Take(ref _requests, ref _messages, _clock.MsUntilTick());
        foreach (var message in _messages)
            Step(message);
        _messages.Clear();
        for (var ticks = _clock.TakeTicks(_options.HeartbeatMs / RaftNodeOptions.TickMs); ticks > 0; ticks--)
            _core.Tick();
        foreach (var request in _requests)
            _waiting.HandIn(request);
        _requests.Clear();
        Settle();
    }

    private void Step(RaftMessage message)
    {
        var outcome = _core.Step(message);
        if (outcome is StepOutcome.Handled or StepOutcome.StaleTerm)
            _addresses.Learn(message.Envelope);
        else if (outcome != StepOutcome.LeaderIsHeard)
            _refused++;
    }

    private void Settle()
    {
        while (_core.TryTakeReady(out var ready))
        {
            Send(ready.MessagesBeforeSync);
            if (ready.HardState is not null || ready.Entries.Count > 0)
                _parts.Wal.Append(ready.HardState, ready.Entries, ready.MustSync);
            Send(ready.Messages);
            foreach (var entry in ready.Committed)
                Apply(entry);
            _waiting.Answer(ready.ReadStates);
            _core.Advance();
            _waiting.Applied(_applied);
            Publish();
        }
    }

    private void Apply(RaftEntry entry)
    {
        RaftInvariantException.Check(
            _applied == 0 || entry.Index == _applied + 1, "entries are applied in order, without a gap");
        var result = entry.Type == EntryType.Normal
            ? _parts.Machine.Apply(entry.Index, entry.Term, entry.Data)
            : null;
        _applied = entry.Index;
        _waiting.Committed(entry, result);
    }

    private void Send(IReadOnlyList<RaftMessage> messages)
    {
        foreach (var message in messages)
        {
            if (_addresses.Find(message.Envelope.To) is { } to)
                _parts.Transport.Send(to, message);
        }
    }

    private void Publish()
    {
        var before = _status;
        var now = Picture();
        _status = now;
        if (now.Term != before.Term || now.Role != before.Role)
            _waiting.LeadershipLost(now);
        if (now.Term == before.Term && now.Role == before.Role && now.LeaderId == before.LeaderId
            && now.LeaderReady == before.LeaderReady && ReferenceEquals(_announced, _core.Configuration))
            return;
        _announced = _core.Configuration;
        _options.Log?.Invoke(
            $"raft member {now.Id}: {now.Role} in term {now.Term}, leader {now.LeaderId?.ToString() ?? "unknown"}"
            + $"{(now.LeaderReady ? ", ready" : "")}, {now.Members.Count} members");
        StatusChanged?.Invoke(now);
    }

    private RaftStatus Picture() => new()
    {
        Id = _options.Id,
        Term = _core.Term,
        Role = _core.Role,
        LeaderId = _core.Leader == RaftId.None ? null : _core.Leader,
        LeaderReady = _core.LeaderReady,
        CommitIndex = _core.CommitIndex,
        AppliedIndex = _applied,
        LastIndex = _core.LastIndex,
        FirstIndex = _core.FirstIndex,
        Members = _core.DescribeMembers(),
        DroppedMessages = _inbox.Dropped,
        RefusedMessages = _refused,
    };

    private void Stop()
    {
        _inbox.Close();
        _inbox.Take(ref _requests, ref _messages, 0);
        foreach (var request in _requests)
            request.Refuse(NotDoneReason.Stopped, "this node is stopping", null);
        _waiting.StopAll();
        _parts.Wal.Dispose();
    }
}
