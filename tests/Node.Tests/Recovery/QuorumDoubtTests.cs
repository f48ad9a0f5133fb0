using Swarm.Node.Recovery;

namespace Swarm.Node.Tests.Recovery;

public sealed class QuorumDoubtTests
{
    private readonly FastClock _clock = new();
    private int _asked;

    [Fact]
    public async Task A_quorum_that_answers_at_once_is_there() => Assert.True(await IsThereAsync(confirmedAfterMs: 0));

    [Theory]
    [InlineData(50)]
    [InlineData(1_000)]
    [InlineData(4_000)]
    public async Task An_election_is_waited_for(int ms)
    {
        Assert.True(await IsThereAsync(ms));
        Assert.True(_asked > 1);
    }

    [Fact]
    public async Task Without_one_for_several_elections_there_is_none()
    {
        Assert.False(await IsThereAsync(int.MaxValue));
        Assert.True(_clock.Passed >= QuorumDoubt.Patience);
    }

    [Fact]
    public async Task What_else_goes_wrong_is_no_lost_quorum() =>
        await Assert.ThrowsAsync<IOException>(() => new QuorumDoubt(_clock).IsQuorumThereAsync(
            () => throw new IOException("busy"), default));

    private Task<bool> IsThereAsync(int confirmedAfterMs) => new QuorumDoubt(_clock).IsQuorumThereAsync(
        () =>
        {
            _asked++;
            return Task.FromResult(_clock.Passed.TotalMilliseconds >= confirmedAfterMs);
        },
        default);

    /// <summary>Time passes when somebody waits for it.</summary>
    private sealed class FastClock : TimeProvider
    {
        private long _ticks;

        internal TimeSpan Passed => TimeSpan.FromTicks(Interlocked.Read(ref _ticks));

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _ticks);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Add(ref _ticks, dueTime.Ticks);
            return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }
}
