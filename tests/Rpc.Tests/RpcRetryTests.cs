using Google.Protobuf;
using Swarm.Protocol.V1;

namespace Swarm.Rpc.Tests;

/// <summary>Done, not done, unknown: what is unknown is found out, or said (raft-pitfalls R19).</summary>
public sealed class RpcRetryTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private static RpcException NotDone => new(
        RpcStatusCode.Unavailable, "no leader", new NotLeader { NotDone = true }.ToByteArray());

    private static RpcException Unknown => new(
        RpcStatusCode.DeadlineExceeded, "who knows", new NotLeader { Unknown = true }.ToByteArray());

    private static RpcException Lost => new(RpcStatusCode.Unavailable, "connection lost");

    private static RpcException Settled => new(
        RpcStatusCode.Unavailable, "no registry", new NotLeader { Settled = true }.ToByteArray());

    private static RpcException Conflict => new(RpcStatusCode.Aborted, "changed");

    public static TheoryData<RpcException[], bool, int> Answered => new()
    {
        { [], true, 1 },
        { [NotDone, NotDone], false, 3 },
        { [NotDone, Unknown, Lost], true, 4 },
    };

    [Theory]
    [MemberData(nameof(Answered))]
    public async Task An_open_outcome_is_asked_for_again(RpcException[] failures, bool repeatable, int attempts)
    {
        var (made, result) = await TryAsync(failures, repeatable, Long);
        Assert.Equal((attempts, "done"), (made, result));
    }

    public static TheoryData<RpcException, bool> Final => new()
    {
        { Settled, true }, { Conflict, true }, { Unknown, false }, { Lost, false },
        { new RpcException(RpcStatusCode.Unavailable, "no socket") { NeverSent = true }, true },
    };

    [Theory]
    [MemberData(nameof(Final))]
    public async Task What_is_certain_or_must_not_be_repeated_is_told_at_once(RpcException failure, bool repeatable)
    {
        var told = await Assert.ThrowsAsync<RpcException>(() => TryAsync([failure], repeatable, Long));
        Assert.Same(failure, told);
    }

    [Fact]
    public async Task What_stays_unknown_is_said_to_be_unknown_also_when_the_last_answer_was_certain()
    {
        RpcException[] failures = [Lost, .. Enumerable.Repeat(NotDone, 50)];
        var told = await Assert.ThrowsAsync<RpcException>(() => TryAsync(failures, true, Short));
        Assert.Equal(RpcStatusCode.DeadlineExceeded, told.Code);
        Assert.Contains("it is not known", told.Message);
        Assert.Contains("no leader", told.Message);
        Assert.Equal((true, false), (RpcOutcome.IsUnknown(told), RpcOutcome.IsNotDone(told)));
    }

    public static TheoryData<RpcException> Uncertain => new()
    {
        { Settled }, { new RpcException(RpcStatusCode.ResourceExhausted, "busy") },
        { new RpcException(RpcStatusCode.Internal, "broken") },
    };

    /// <summary>An earlier attempt may have acted: that this one was turned away does not change it.</summary>
    [Theory]
    [MemberData(nameof(Uncertain))]
    public async Task What_may_have_acted_is_not_told_as_refused(RpcException last)
    {
        var told = await Assert.ThrowsAsync<RpcException>(() => TryAsync([Lost, last], true, Long));
        Assert.True(RpcOutcome.IsUnknown(told));
        Assert.False(RpcOutcome.IsNotDone(told));
        Assert.Contains(last.Message, told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_under_the_id_holds_for_all_attempts() =>
        Assert.Equal(
            RpcStatusCode.Aborted,
            (await Assert.ThrowsAsync<RpcException>(() => TryAsync([Lost, Conflict], true, Long))).Code);

    [Fact]
    public async Task A_server_that_went_away_while_it_may_have_acted_is_waited_for()
    {
        var gone = RpcException.NotSent("no socket");
        Assert.Equal((4, "done"), await TryAsync([Lost, gone, gone], true, Long));
        var told = await Assert.ThrowsAsync<RpcException>(
            () => TryAsync([Lost, .. Enumerable.Repeat(gone, 50)], true, Short));
        Assert.True(RpcOutcome.IsUnknown(told));
    }

    [Fact]
    public async Task What_was_never_done_is_said_to_be_not_done()
    {
        var told = await Assert.ThrowsAsync<RpcException>(
            () => TryAsync([.. Enumerable.Repeat(NotDone, 50)], true, Short));
        Assert.Equal((RpcStatusCode.Unavailable, "no leader"), (told.Code, told.Message));
    }

    [Fact]
    public void Ids_are_given_once_and_only_where_there_is_a_field()
    {
        var (ids, other) = (new RequestIds(), new RequestIds());
        var first = new RemoveServiceRequest();
        Assert.True(ids.TryMark(first));
        var id = first.RequestId;
        Assert.Equal(24, id.Length);
        Assert.True(ids.TryMark(first));
        Assert.Equal(id, first.RequestId);
        var (second, third) = (new RemoveServiceRequest(), new RemoveServiceRequest());
        ids.TryMark(second);
        other.TryMark(third);
        Assert.Equal(id.Span[..16], second.RequestId.Span[..16]);
        Assert.NotEqual(id, second.RequestId);
        Assert.NotEqual(id.Span[..16].ToArray(), third.RequestId.Span[..16].ToArray());
        Assert.False(ids.TryMark(new GetServiceRequest()));
    }

    [Fact]
    public async Task An_attempt_knows_since_when_an_earlier_one_may_have_acted()
    {
        RpcException[] failures = [NotDone, Unknown, NotDone];
        var seen = new List<TimeSpan>();
        await RpcRetry.UntilKnownAsync(
            attempt =>
            {
                seen.Add(attempt.OpenSince);
                return seen.Count <= failures.Length
                    ? Task.FromException<string>(failures[seen.Count - 1])
                    : Task.FromResult("done");
            },
            repeatable: true, Long, new JumpingClock(), default);
        Assert.Equal([TimeSpan.Zero, TimeSpan.Zero], seen[..2]);
        Assert.True(seen[2] > TimeSpan.Zero && seen[3] > seen[2]);
    }

    private static async Task<(int Attempts, string Result)> TryAsync(
        RpcException[] failures, bool repeatable, TimeSpan atMost)
    {
        var made = 0;
        var result = await RpcRetry.UntilKnownAsync(
            attempt => attempt.Left > TimeSpan.Zero && made++ < failures.Length
                ? Task.FromException<string>(failures[made - 1])
                : Task.FromResult("done"),
            repeatable, atMost, new JumpingClock(), default);
        return (made, result);
    }

    /// <summary>Time passes by waiting alone, and waiting takes no time.</summary>
    private sealed class JumpingClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Volatile.Read(ref _ticks);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Add(ref _ticks, Math.Max(0, dueTime.Ticks));
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
