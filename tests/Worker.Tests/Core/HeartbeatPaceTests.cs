using Swarm.Worker.Core;

namespace Swarm.Worker.Tests.Core;

public sealed class HeartbeatPaceTests
{
    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(1, 0.75, 0.25)]
    [InlineData(20, 0, 1)]
    [InlineData(20, 19.5, 0.5)]
    public void It_waits_for_the_rest_of_the_period_but_looks_again_soon(double period, double since, double wait) =>
        Assert.Equal(TimeSpan.FromSeconds(wait), Of(period).WaitAfter(TimeSpan.FromSeconds(since)));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(20, 20)]
    [InlineData(20, 30)]
    public void Then_one_is_due(double period, double since) =>
        Assert.Null(Of(period).WaitAfter(TimeSpan.FromSeconds(since)));

    /// <summary>The leader waits for three of the new periods only.</summary>
    [Fact]
    public void A_shorter_period_holds_at_once()
    {
        var pace = Of(20);
        Assert.NotNull(pace.WaitAfter(TimeSpan.FromSeconds(1)));
        pace.Period = TimeSpan.FromSeconds(1);
        Assert.Null(pace.WaitAfter(TimeSpan.FromSeconds(1)));
    }

    private static HeartbeatPace Of(double period) => new() { Period = TimeSpan.FromSeconds(period) };
}
