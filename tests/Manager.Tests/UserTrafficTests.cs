namespace Swarm.Manager.Tests;

public sealed class UserTrafficTests
{
    private sealed class HandClock : TimeProvider
    {
        internal TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }

    [Fact]
    public void A_command_is_recent_for_a_while_and_before_the_first_there_is_none()
    {
        var clock = new HandClock();
        var users = new UserTraffic(clock);
        Assert.False(users.IsRecent);
        users.Seen();
        Assert.True(users.IsRecent);
        clock.Now = UserTraffic.Recently - TimeSpan.FromMilliseconds(1);
        Assert.True(users.IsRecent);
        clock.Now = UserTraffic.Recently;
        Assert.False(users.IsRecent);
    }
}
