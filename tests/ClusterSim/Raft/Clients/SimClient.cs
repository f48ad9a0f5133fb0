using System.Globalization;
using Swarm.Histories;
using Swarm.Raft;
using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// A client that does one thing after the other and writes down what it was told. A change whose outcome it does not
/// know is asked for again under the same id, as swarmctl does; when patience ends the outcome stays unknown.
/// </summary>
internal sealed class SimClient
{
    private const int MaxAttempts = 6;
    private readonly World _world;
    private readonly Frontend _frontend;
    private readonly long _id;
    private readonly bool _isReader;
    private readonly Dictionary<string, Seen> _seen = new(StringComparer.Ordinal);
    private ulong _sequence;
    private SimMember? _favourite;
    private bool _mayHaveActed;
    private int _attempt;
    private int _call;
    private bool _retired;

    public SimClient(World world, long id, bool isReader)
    {
        (_world, _id, _isReader) = (world, id, isReader);
        _frontend = new Frontend(world);
    }

    /// <summary>True while it waits for an answer or has not given up yet.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Operations that ended with a known outcome.</summary>
    public int Known { get; private set; }

    /// <summary>Its cluster is no more: nothing that it is told counts.</summary>
    public void Retire()
    {
        _retired = true;
        _call++;
        IsBusy = false;
    }

    public void Start() => _world.Timeline.After(Wait(), Next);

    private long Wait() => _isReader
        ? 1_000 + _world.Dice.Below(4_000)
        : 1 + _world.Dice.Below(_world.Plan.ThinkMs * 2 * (int)Timeline.UsPerMs);

    private void Next()
    {
        if (_retired)
            return;
        if (_world.ClientsRest)
        {
            Start();
            return;
        }
        var key = _world.Dice.Pick(_world.Plan.Objects);
        if (_isReader || _world.Dice.PerThousand(_world.Plan.ReadPerThousand))
            Read(key, Start);
        else
            Change(key);
    }

    /// <summary>Reads one key, on any member, until it was answered or patience ends.</summary>
    public void Read(string key, Action then)
    {
        IsBusy = true;
        (_attempt, var start) = (0, _world.Timeline.NowUs);
        TryRead(key, start, then);
    }

    private void TryRead(string key, long start, Action then)
    {
        if (_retired)
            return;
        var call = NewCall(() => Again(() => TryRead(key, start, then), () => End(then)));
        var target = _isReader ? _world.Leader() ?? _world.AnyMember() : _world.AnyMember();
        _frontend.Read(target, key, seen =>
        {
            if (!TakeAnswer(call))
                return;
            if (seen is null)
            {
                Again(() => TryRead(key, start, then), () => End(then));
                return;
            }
            _seen[key] = seen;
            Record(new(_id, start, _world.Timeline.NowUs, key, OperationKind.Read, null, seen.Value,
                OperationOutcome.Known));
            End(then);
        });
    }

    private void Change(string key)
    {
        IsBusy = true;
        var value = string.Create(CultureInfo.InvariantCulture, $"c{_id}-{++_sequence}");
        var seen = _seen.GetValueOrDefault(key, Seen.Nothing);
        var kind = seen.Value is null ? OperationKind.Create
            : _world.Dice.OneIn(8) ? OperationKind.Delete
            : _world.Dice.OneIn(12) ? OperationKind.Create : OperationKind.CompareAndSet;
        var action = kind switch
        {
            OperationKind.Create => StoreOps.Create(key, value),
            OperationKind.Delete => StoreOps.Remove(key, seen),
            _ => StoreOps.Update(key, seen, value),
        };
        var operation = new Operation(
            _id, _world.Timeline.NowUs, null, key, kind, kind == OperationKind.Delete ? null : value, null,
            OperationOutcome.Unknown) { Expected = seen.Value };
        var command = new RequestMark(new RequestId((UInt128)_id, _sequence, 0), _sequence);
        (_attempt, _mayHaveActed) = (0, false);
        TryChange(new Pending(operation, action, command));
    }

    private sealed record Pending(Operation Operation, StoreAction Action, RequestMark Command);

    private void TryChange(Pending change)
    {
        if (_retired)
            return;
        var target = _favourite is { IsUp: true } && !_world.Dice.OneIn(5) ? _favourite : _world.AnyMember();
        var call = NewCall(() =>
        {
            _favourite = null;
            OnUnknown(change);
        });
        _frontend.Change(target, change.Action, change.Command, result =>
        {
            if (TakeAnswer(call))
                OnAnswer(change, result);
        });
    }

    private void OnAnswer(Pending change, ProposeResult result)
    {
        switch (result.Outcome)
        {
            case ProposeOutcome.Done:
                Done(change, result);
                break;
            case ProposeOutcome.Unknown:
                OnUnknown(change);
                break;
            default:
                _favourite = result.Leader is { } leader ? _world.Find(leader.Id) : null;
                // Some callers take "not done" at its word and turn to something else.
                if (_world.Dice.OneIn(6))
                    GiveUp(change);
                else
                    Again(() => TryChange(change), () => GiveUp(change));
                break;
        }
    }

    private void OnUnknown(Pending change)
    {
        _mayHaveActed = true;
        if (_world.Plan.RetryUnknown)
            Again(() => TryChange(change), () => GiveUp(change));
        else
            GiveUp(change);
    }

    private void Done(Pending change, ProposeResult result)
    {
        var operation = change.Operation;
        var applied = (ApplyResult)result.Result!;
        var ok = applied.Outcomes[0].IsApplied;
        if (_world.Plan.RetryUnknown)
            _world.Checks.S7.OnAcknowledged(result.Index, change.Command);
        var known = operation with
        {
            EndNs = _world.Timeline.NowUs,
            Result = ok ? Operation.Ok : Operation.Refused,
            Outcome = OperationOutcome.Known,
        };
        // The service of that id is gone, but another may have its name.
        if (!ok && operation.Kind == OperationKind.Delete && !StoreOps.IsNode(operation.Key))
            known = operation with { Outcome = OperationOutcome.NotDone };
        _seen.Remove(operation.Key);
        if (ok && operation.Kind != OperationKind.Delete && applied.Request is { } request)
            _seen[operation.Key] = new(operation.Value, request.Subject, request.SubjectVersion);
        Record(known);
        End(Start);
    }

    private void GiveUp(Pending change)
    {
        _seen.Remove(change.Operation.Key);
        Record(change.Operation with
        {
            Outcome = _mayHaveActed ? OperationOutcome.Unknown : OperationOutcome.NotDone,
        });
        End(Start);
    }

    private void Again(Action retry, Action giveUp)
    {
        if (++_attempt < MaxAttempts || (_isReader && _attempt < 100) || _world.ClientsArePatient)
            _world.Timeline.After(Timeline.UsPerMs * _world.Dice.Between(2, _isReader ? 6 : 150), retry);
        else
            giveUp();
    }

    private void Record(Operation operation)
    {
        if (operation.Outcome == OperationOutcome.Known)
            Known++;
        _world.Coverage.Count($"client {operation.Outcome}");
        _world.Trace.Add(_world.Timeline.NowUs, 'C', (ulong)_id, (ulong)operation.Kind, (ulong)operation.Outcome);
        if (_world.Trace.IsRead)
            _world.Trace.Line(_world.Timeline.NowUs, operation.ToString());
        _world.Checks.S8.Add(operation);
    }

    private void End(Action then)
    {
        IsBusy = false;
        then();
    }

    /// <summary>Each call has one answer: the first that comes, or the end of patience for it.</summary>
    private int NewCall(Action onTimeout)
    {
        var call = ++_call;
        _world.Timeline.After(Timeline.UsPerMs * _world.Dice.Between(100, _isReader ? 300 : 2_000), () =>
        {
            if (TakeAnswer(call))
                onTimeout();
        });
        return call;
    }

    private bool TakeAnswer(int call)
    {
        if (call != _call)
            return false;
        _call++;
        return true;
    }
}
