using System.Globalization;
using Swarm.Histories;
using Swarm.Manager;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// A client that does one thing after the other and writes down what it was told. Whether it asks again, when, and what
/// it believes in the end is the decision of the product's <see cref="RetryCourse"/>, as in swarmctl.
/// </summary>
internal sealed class SimClient
{
    /// <summary>How long swarmctl asks; others are less patient.</summary>
    private const int SwarmctlSeconds = 20;

    private readonly World _world;
    private readonly Frontend _frontend;
    private readonly long _id;
    private readonly bool _isReader;
    private readonly Dictionary<string, Seen> _seen = new(StringComparer.Ordinal);
    private ulong _sequence;
    private SimMember? _favourite;
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
        TryRead(new Reading(key, _world.Timeline.NowUs, NewCourse(repeatable: true), then));
    }

    private sealed record Reading(string Key, long StartUs, RetryCourse Course, Action Then);

    private void TryRead(Reading read)
    {
        if (_retired)
            return;
        var attempt = read.Course.Attempt(Since(read.StartUs));
        var call = NewCall(attempt, lost => OnNotRead(read, lost));
        var target = _isReader ? _world.Leader() ?? _world.AnyMember() : _world.AnyMember();
        _frontend.Read(target, read.Key, (seen, failure) =>
        {
            if (!TakeAnswer(call))
                return;
            if (seen is null)
            {
                OnNotRead(read, failure!);
                return;
            }
            _seen[read.Key] = seen;
            Record(new(_id, read.StartUs, _world.Timeline.NowUs, read.Key, OperationKind.Read, null, seen.Value,
                OperationOutcome.Known));
            End(read.Then);
        });
    }

    /// <summary>Who reads all the time hangs up and reads again; in the end everybody asks until he is
    /// answered.</summary>
    private void OnNotRead(Reading read, RpcException failure)
    {
        if (_isReader && !_world.ClientsArePatient)
            _world.Timeline.After(Timeline.UsPerMs * _world.Dice.Between(2, 6), () => End(read.Then));
        else
            Go(read.Course, read.StartUs, failure, () => TryRead(read), _ =>
            {
                if (_world.ClientsArePatient)
                    Read(read.Key, read.Then);
                else
                    End(read.Then);
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
        var asked = new RequestMark(new RequestId((UInt128)_id, _sequence, 0), _sequence);
        TryChange(new Pending(operation, action, asked, NewCourse(_world.Plan.RetryUnknown)));
    }

    private sealed record Pending(Operation Operation, StoreAction Action, RequestMark Asked, RetryCourse Course)
    {
        public RequestMark Command => Frontend.MarkOf(Asked, Action);
    }

    private void TryChange(Pending change)
    {
        if (_retired)
            return;
        var target = _favourite is { IsUp: true } && !_world.Dice.OneIn(5) ? _favourite : _world.AnyMember();
        var attempt = change.Course.Attempt(Since(change.Operation.StartNs));
        var call = NewCall(attempt, lost =>
        {
            _favourite = null;
            OnFailure(change, lost);
        });
        _frontend.Change(target, change.Action, new AskedCommand(change.Asked, attempt.OpenSince), told =>
        {
            if (!TakeAnswer(call))
                return;
            if (told.Done is { } done)
            {
                Done(change, done);
                return;
            }
            _favourite = told.Leader is { } leader ? _world.Find(leader) : null;
            OnFailure(change, told.Failure!);
        });
    }

    private void OnFailure(Pending change, RpcException failure)
    {
        // Some callers take "not done" at its word and turn to something else.
        if (RpcOutcome.IsNotDone(failure) && !change.Course.MayHaveActed && _world.Dice.OneIn(6))
            GiveUp(change, failure);
        else
            Go(change.Course, change.Operation.StartNs, failure, () => TryChange(change), e => GiveUp(change, e));
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

    private void GiveUp(Pending change, RpcException told)
    {
        _seen.Remove(change.Operation.Key);
        Record(change.Operation with
        {
            Outcome = RpcOutcome.IsUnknown(told) ? OperationOutcome.Unknown : OperationOutcome.NotDone,
        });
        End(Start);
    }

    /// <summary>What the product's retry decides after a failed attempt.</summary>
    private void Go(RetryCourse course, long startUs, RpcException failure, Action again, Action<RpcException> end)
    {
        if (course.After(failure) is { } told)
        {
            end(told);
            return;
        }
        _world.Coverage.Count("client asks again");
        _world.Timeline.After((long)course.NextPause().TotalMicroseconds, () =>
        {
            if (_retired)
                return;
            if (course.Overdue(Since(startUs)) is { } over)
                end(over);
            else
                again();
        });
    }

    private RetryCourse NewCourse(bool repeatable) =>
        new(repeatable, TimeSpan.FromSeconds(_world.Dice.Pick([1, 4, SwarmctlSeconds])));

    private TimeSpan Since(long startUs) => TimeSpan.FromMicroseconds(_world.Timeline.NowUs - startUs);

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

    /// <summary>Each call has one answer: the first that comes, the end of its connection, or of its time.</summary>
    private int NewCall(RpcAttempt attempt, Action<RpcException> onLost)
    {
        var call = ++_call;
        var breaksUs = Timeline.UsPerMs * _world.Dice.Between(100, _isReader ? 300 : 2_000);
        var leftUs = (long)attempt.Left.TotalMicroseconds;
        _world.Timeline.After(Math.Min(breaksUs, leftUs), () =>
        {
            if (TakeAnswer(call))
                onLost(breaksUs < leftUs
                    ? new RpcException(RpcStatusCode.Unavailable, "the connection was lost")
                    : new RpcException(RpcStatusCode.DeadlineExceeded, "no answer came in time"));
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
