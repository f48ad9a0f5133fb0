namespace Swarm.Security.Tests;

public sealed class AttemptLimitTests
{
    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; } = TimeSpan.FromHours(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }

    [Fact]
    public void Some_wrong_attempts_are_free_and_each_further_one_waits()
    {
        var clock = new Clock();
        var limit = new AttemptLimit(clock);
        for (var i = 0; i < AttemptLimit.MaxBurst; i++)
        {
            Assert.Equal(TimeSpan.Zero, limit.Wait);
            limit.Failed();
        }

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(TimeSpan.FromSeconds(AttemptLimit.PauseSeconds), limit.Wait);
            clock.Now += TimeSpan.FromSeconds(AttemptLimit.PauseSeconds - 1);
            Assert.Equal(TimeSpan.FromSeconds(1), limit.Wait);
            clock.Now += TimeSpan.FromSeconds(1);
            Assert.Equal(TimeSpan.Zero, limit.Wait);
            limit.Failed();
        }
    }
}
